/** Carries moves out on nodes, one at a time on each, and writes down how they ended. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { LoadedModel, MoveRecord } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { ActivityService } from '../activity/service.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';
import { applyMove, readBefore } from './apply.ts';
import type { LoadWatch } from './loads.ts';
import type { PlacementMemory } from './memory.ts';
import type { MoveDependencies, MoveEnd, RequestsInFlight } from './move.ts';
import { listNames, placementWords } from './move-message.ts';
import type { MoveHistory } from './moves.ts';
import type { NodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';
import { measureRoom } from './prepare.ts';
import { findLoaded, lookUntilPlaced } from './verify.ts';

/** What is wanted on one node. `model` is the exact name there. */
export interface MoveTask {
  model: string;
  target: 'gpu' | 'cpu';
  by: MoveRecord['by'];
  /** Also where it is known not to fit; false when left out. */
  anyway?: boolean;
}

export type TimedEnd = MoveEnd & { at: number; durationMs: number };

export interface Mover {
  /** Moves without asking for the node's lock, which the caller holds. Never throws. */
  move(node: NodeView, server: InferenceServer, task: MoveTask, signal: AbortSignal): Promise<TimedEnd>;
  write(
    node: NodeView,
    task: MoveTask,
    end: Omit<MoveEnd, 'error'>,
    at: number,
    durationMs: number,
  ): MoveRecord;
  /** Writes down that nothing was done, and why. */
  refusal(node: NodeView, task: MoveTask, code: MoveEnd['code'], reason: string): MoveRecord;
  /** Takes the node, moves, writes down. Throws MOVE_IN_PROGRESS when the node is taken. */
  placeOn(node: NodeView, task: MoveTask, signal: AbortSignal): Promise<MoveRecord>;
  /** Whether a load by the server's own choice is not known to fail for want of VRAM. */
  fits(node: NodeView, server: InferenceServer, model: string, signal: AbortSignal): Promise<boolean>;
  /** Loads a model as it comes. Throws what the server answers. */
  justLoad(
    node: NodeView,
    server: InferenceServer,
    model: string,
    layers: 'auto' | 'cpu',
    signal: AbortSignal,
  ): Promise<LoadedModel>;
  /** Resolves when no move is under way. */
  idle(): Promise<void>;
}

export interface MoverDependencies {
  clock: Clock;
  activity: Pick<ActivityService, 'record'>;
  fleet: {
    server(id: string): InferenceServer | null;
    probeSoon(nodeId: string): void;
    markGpu(nodeId: string, verdict: 'verified' | 'not-checked'): void;
    list(): NodeView[];
    onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  };
  pins: Pins;
  readGpus: (nodeId: string, signal: AbortSignal) => Promise<GpuReading[] | null>;
  moves: MoveHistory;
  memory: PlacementMemory;
  inFlight: RequestsInFlight;
  locks: NodeLocks;
  loads: LoadWatch;
  lifetime: AbortSignal;
  /** Outlives `lifetime` by a moment, for putting back what a broken-off move had unloaded. */
  restoring: AbortSignal;
  isPriority: (model: string) => boolean;
  onRecord: (record: MoveRecord) => void;
}

/** How long own requests may take to end before a move is refused. */
const DRAIN_MS = 30_000;

export function createMover(deps: MoverDependencies): Mover {
  const {
    clock,
    activity,
    fleet,
    pins,
    readGpus,
    moves,
    memory,
    inFlight,
    locks,
    loads,
    lifetime,
    restoring,
  } = deps;
  const { isPriority, onRecord } = deps;
  const under = new Set<Promise<unknown>>();

  function moveDependencies(nodeId: string, model: string): MoveDependencies {
    return {
      clock,
      // Read when it is asked for: a model may be pinned while its requests are waited for.
      get pinned() {
        return pins.on(nodeId);
      },
      isPriority,
      inFlight: (name) => inFlight.count(nodeId, name),
      drain: (models, signal) => inFlight.drain(nodeId, models, DRAIN_MS, signal),
      readGpus: (signal) => readGpus(nodeId, signal),
      explicitFailed: memory.history(nodeId, model)?.explicitFailed ?? false,
      lastSizeBytes: memory.lastSizeBytes(nodeId, model),
      watchLoad: (name, load) => loads.run(nodeId, name, load),
      blocked: () => loads.blocked(nodeId),
      serving: () => fleet.list().some((node) => node.id === nodeId && isServing(node.state)),
      markGpu: (verdict) => fleet.markGpu(nodeId, verdict),
      restoreSignal: restoring,
    };
  }

  function write(
    node: NodeView,
    task: MoveTask,
    end: Omit<MoveEnd, 'error'>,
    at: number,
    durationMs: number,
  ): MoveRecord {
    const { outcome, reason, code, from, to, evicted, shortage, restored = [], missing = [] } = end;
    const move = {
      at,
      nodeId: node.id,
      nodeName: node.name,
      model: task.model,
      by: task.by,
      from,
      to,
      wanted: task.target,
      outcome,
      reason,
      code,
      durationMs,
      evicted,
      ...(shortage && { shortage }),
      ...(restored.length > 0 && { restored }),
      ...(missing.length > 0 && { missing }),
    };
    memory.learn(move);
    const record = moves.append(move);
    onRecord(record);
    tell(record);
    return record;
  }

  function tell(record: MoveRecord): void {
    if (record.outcome === 'already-right') return;
    const side = record.wanted === 'gpu' ? 'GPU' : 'CPU';
    const message = {
      moved: `${record.model} is ${record.to ? placementWords(record.to) : 'placed'} of ${record.nodeName}.`,
      refused: `${record.model} was not moved to the ${side} of ${record.nodeName}.`,
      failed: `${record.model} could not be brought to the ${side} of ${record.nodeName}.`,
    }[record.outcome];
    const severity =
      record.outcome === 'moved' ? 'success' : record.outcome === 'failed' ? 'warning' : 'info';
    const { nodeId, missing = [] } = record;
    activity.record({
      kind: 'placement',
      severity,
      message: plainText(message),
      why: plainText(record.reason),
      nodeId,
    });
    if (missing.length === 0) return;
    activity.record({
      kind: 'placement',
      severity: 'error',
      message: plainText(`A failed move unloaded ${listNames(missing)} on ${record.nodeName}.`),
      why: plainText(record.reason),
      nodeId,
      notify: true,
    });
  }

  async function move(
    node: NodeView,
    server: InferenceServer,
    task: MoveTask,
    signal: AbortSignal,
  ): Promise<TimedEnd> {
    const at = clock.now();
    const startedAt = clock.monotonic();
    using lost = watchNode(node);
    const any = AbortSignal.any([signal, lifetime, lost.signal]);
    const request = { anyway: false, ...task, node, server };
    const running = applyMove(moveDependencies(node.id, task.model), request, any);
    under.add(running);
    const end = await running.finally(() => under.delete(running));
    fleet.probeSoon(node.id);
    return {
      ...end,
      at: end.outcome === 'moved' ? clock.now() : at,
      durationMs: Math.round(clock.monotonic() - startedAt),
    };
  }

  /** A load has no deadline of its own: one on a machine that goes off would never end. */
  function watchNode(node: NodeView): Disposable & { signal: AbortSignal } {
    const lost = new AbortController();
    const unsubscribe = fleet.onChange((now, previous) => {
      if ((now ?? previous)?.id !== node.id || (now !== null && isServing(now.state))) return;
      lost.abort(
        new PilotlightError('HOST_UNREACHABLE', { message: `${node.name} stopped serving during the move.` }),
      );
    });
    return { signal: lost.signal, [Symbol.dispose]: unsubscribe };
  }

  const refusal = (node: NodeView, task: MoveTask, code: MoveEnd['code'], reason: string) => {
    const loaded = node.loaded.find((model) => sameModelName(model.name, task.model));
    const placement = loaded && isServing(node.state) ? loaded.placement : null;
    return write(
      node,
      task,
      { outcome: 'refused', reason, code, from: placement, to: placement, evicted: [] },
      clock.now(),
      0,
    );
  };

  async function placeOn(node: NodeView, task: MoveTask, signal: AbortSignal): Promise<MoveRecord> {
    const server = fleet.server(node.id);
    if (!server) return refusal(node, task, 'NO_SERVER', `${node.name} has no inference server.`);
    if (!server.capabilities.has('moves'))
      return refusal(node, task, 'NOT_SUPPORTED', `The server on ${node.name} cannot move models.`);
    using _ = locks.take(node.id, task.model);
    const end = await move(node, server, task, signal);
    return write(node, task, end, end.at, end.durationMs);
  }

  /** Loads the model as it comes, where moving it is not allowed or has no sense. */
  async function justLoad(
    node: NodeView,
    server: InferenceServer,
    model: string,
    layers: 'auto' | 'cpu',
    signal: AbortSignal,
  ) {
    const present = findLoaded(await server.loaded(signal), model);
    if (present) return present;
    const blocked = loads.blocked(node.id);
    if (blocked !== null) throw new PilotlightError('SERVER_BUSY', { message: blocked });
    await loads.run(node.id, model, () => server.load(model, { layers, keepAliveSeconds: null }, signal));
    const { model: loaded } = await lookUntilPlaced(
      { clock, server, signal },
      model,
      layers === 'cpu' ? 'cpu' : 'gpu',
    );
    fleet.probeSoon(node.id);
    if (loaded) return loaded;
    throw new PilotlightError('MOVE_FAILED', {
      message: `${model} was loaded on ${node.name} but is not there.`,
    });
  }

  async function fits(node: NodeView, server: InferenceServer, model: string, signal: AbortSignal) {
    const before = await readBefore(moveDependencies(node.id, model), { server, model }, signal);
    const described = await server.describe(model, signal);
    const room = measureRoom(moveDependencies(node.id, model), { node, model }, before, described);
    return room.kind === 'fits' || room.kind === 'unknown';
  }

  return {
    move,
    fits,
    write,
    refusal,
    placeOn,
    justLoad,
    async idle() {
      await Promise.allSettled([...under]);
    },
  };
}
