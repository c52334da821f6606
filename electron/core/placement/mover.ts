/** Moves models, one at a time on each node, and records the results. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { MovePreview } from '../../../shared/models/move-preview.ts';
import type { LoadedModel, MoveRecord } from '../../../shared/models/placement.ts';
import type { RequestView } from '../../../shared/models/requests.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { ActivityService } from '../activity/service.ts';
import type { GpuVerdict } from '../fleet/gpu-state.ts';
import { sameModelName } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';
import { applyMove } from './apply.ts';
import { decideEarly, decideMove, measureRoom } from './decide-move.ts';
import type { LoadTimes } from './load-times.ts';
import type { LoadWatch } from './loads.ts';
import type { PlacementMemory } from './memory.ts';
import {
  DRAIN_MS,
  type HoldBack,
  type MoveDependencies,
  type MoveResult,
  type OtherUse,
  type RequestsInFlight,
} from './move.ts';
import type { MoveHistory } from './moves.ts';
import type { NodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';
import { describe, factsOf } from './prepare.ts';
import { previewMove } from './preview.ts';
import { takeSnapshot } from './snapshot.ts';
import { findLoaded, pollUntilPlaced } from './verify.ts';

/** A move on one node. */
export interface MoveTask {
  /** The exact name on the server. */
  model: string;
  target: 'gpu' | 'cpu';
  by: MoveRecord['by'];
  /** Even if it is known not to fit. Default false. */
  anyway?: boolean;
}

export type TimedResult = MoveResult & { at: number; durationMs: number };

export interface Mover {
  /** Moves a model; the caller must hold the node's lock. Never rejects. */
  move(node: NodeView, server: InferenceServer, task: MoveTask, signal: AbortSignal): Promise<TimedResult>;
  /** Adds a result to the history and the activity. */
  record(
    node: NodeView,
    task: MoveTask,
    result: Omit<MoveResult, 'error'>,
    at: number,
    durationMs: number,
  ): MoveRecord;
  /** Records that nothing was done, and why. */
  refuse(node: NodeView, task: MoveTask, code: MoveResult['code'], reason: Message): MoveRecord;
  /** Locks the node, moves the model and records the result. Rejects with MOVE_IN_PROGRESS if the node is locked. */
  placeOn(node: NodeView, task: MoveTask, signal: AbortSignal): Promise<MoveRecord>;
  /** What a move would do. Only reads from the server; rejects with its error. */
  preview(node: NodeView, server: InferenceServer, task: MoveTask, signal: AbortSignal): Promise<MovePreview>;
  /** False only if a load is known to fail for lack of VRAM. */
  fits(node: NodeView, server: InferenceServer, model: string, signal: AbortSignal): Promise<boolean>;
  /** Loads a model if it is not loaded, without moving it. Rejects with the server's error. */
  load(
    node: NodeView,
    server: InferenceServer,
    model: string,
    layers: 'auto' | 'cpu',
    signal: AbortSignal,
  ): Promise<LoadedModel>;
  /** Resolves once no move is running. */
  idle(): Promise<void>;
}

export interface MoverDependencies {
  clock: Clock;
  activity: Pick<ActivityService, 'record'>;
  fleet: {
    server(id: string): InferenceServer | null;
    probeSoon(nodeId: string): void;
    markGpu(nodeId: string, verdict: GpuVerdict): void;
    probeOften(nodeId: string): Disposable;
    list(): NodeView[];
    onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  };
  pins: Pins;
  readGpus: (nodeId: string, signal: AbortSignal) => Promise<GpuReading[] | null>;
  moves: MoveHistory;
  memory: PlacementMemory;
  inFlight: RequestsInFlight;
  holdBack: HoldBack;
  usedByOthers: (nodeId: string) => readonly OtherUse[] | null;
  loadTimes: Pick<LoadTimes, 'of'>;
  /** Requests through the gateway, in progress and lately ended; null if nothing counts them. */
  requests: () => readonly RequestView[] | null;
  locks: NodeLocks;
  loads: LoadWatch;
  lifetime: AbortSignal;
  /** Outlives `lifetime` briefly, so that interrupted moves can be undone. */
  restoring: AbortSignal;
  isPriority: (model: string) => boolean;
  onRecord: (record: MoveRecord) => void;
}

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
    holdBack,
    locks,
    loads,
    lifetime,
    restoring,
  } = deps;
  const { isPriority, onRecord } = deps;
  const running = new Set<Promise<unknown>>();

  function moveDependencies(nodeId: string, model: string, held: Disposable[] = []): MoveDependencies {
    return {
      clock,
      // Read each time: a model may be pinned while the move waits for its requests.
      get pinned() {
        return pins.on(nodeId);
      },
      isPriority: (name) => isPriority(name) || isShownAsPriority(nodeId, name),
      inFlight: (name) => inFlight.count(nodeId, name),
      async holdBack(models) {
        held.push(await holdBack(nodeId, models));
      },
      drain: (models, signal) => inFlight.drain(nodeId, models, DRAIN_MS, signal),
      readGpus: (signal) => readGpus(nodeId, signal),
      explicitFailed: memory.history(nodeId, model)?.explicitFailed ?? false,
      lastSizeBytes: memory.lastSizeBytes(nodeId, model),
      watchLoad: (name, load) => loads.run(nodeId, name, load),
      blocked: () => loads.blocked(nodeId),
      serving: () => fleet.list().some((node) => node.id === nodeId && isServing(node.state)),
      usedByOthers: () => deps.usedByOthers(nodeId),
      markGpu: (verdict) => fleet.markGpu(nodeId, verdict),
      restoreSignal: restoring,
    };
  }

  /** Another tag of its digest is a priority model. */
  const isShownAsPriority = (nodeId: string, name: string) =>
    fleet
      .list()
      .some(
        ({ id, loaded }) =>
          id === nodeId && loaded.some((model) => model.priority && sameModelName(model.name, name)),
      );

  function record(
    node: NodeView,
    task: MoveTask,
    result: Omit<MoveResult, 'error'>,
    at: number,
    durationMs: number,
  ): MoveRecord {
    const { outcome, reason, code, from, to, evicted, shortage, restored = [], missing = [] } = result;
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
    const recorded = moves.append(move);
    onRecord(recorded);
    report(recorded);
    return recorded;
  }

  function report(recorded: MoveRecord): void {
    if (recorded.outcome === 'already-right') return;
    const { model, nodeName: node, nodeId, outcome, wanted: target, reason: why, missing = [] } = recorded;
    const entries = {
      moved: { severity: 'success', message: fact('MODEL_MOVED', { model, node, placement: recorded.to }) },
      refused: { severity: 'info', message: fact('MODEL_NOT_MOVED', { model, node, target }) },
      failed: { severity: 'warning', message: fact('MODEL_MOVE_FAILED', { model, node, target }) },
    } as const;
    activity.record({ kind: 'placement', ...entries[outcome], why, nodeId });
    if (missing.length === 0) return;
    activity.record({
      kind: 'placement',
      severity: 'error',
      message: fact('MODELS_LOST_BY_MOVE', { models: missing, node }),
      why,
      nodeId,
      notify: true,
    });
  }

  async function move(
    node: NodeView,
    server: InferenceServer,
    task: MoveTask,
    signal: AbortSignal,
  ): Promise<TimedResult> {
    const at = clock.now();
    const startedAt = clock.monotonic();
    using lost = watchNode(node);
    // The server may be restarted while the move waits.
    using _ = fleet.probeOften(node.id);
    const held: Disposable[] = [];
    // If its load gets stuck, the loaded models must not wait with it.
    const stopListening = loads.onChange((nodeId, stuck) => {
      if (nodeId === node.id && stuck !== null) release();
    });
    using either = eitherOf(signal, lifetime, lost.signal);
    const request = { anyway: false, ...task, node, server };
    const moving = applyMove(moveDependencies(node.id, task.model, held), request, either.signal);
    running.add(moving);
    const result = await moving.finally(() => {
      running.delete(moving);
      stopListening();
      release();
    });
    function release(): void {
      for (const one of held.splice(0)) one[Symbol.dispose]();
    }
    fleet.probeSoon(node.id);
    return {
      ...result,
      at: result.outcome === 'moved' ? clock.now() : at,
      durationMs: Math.round(clock.monotonic() - startedAt),
    };
  }

  /** A load has no deadline, so it would never end on a machine that drops out. */
  function watchNode(node: NodeView): Disposable & { signal: AbortSignal } {
    const lost = new AbortController();
    const unsubscribe = fleet.onChange((now, previous) => {
      if ((now ?? previous)?.id !== node.id || (now !== null && isServing(now.state))) return;
      lost.abort(
        new PilotlightError('HOST_UNREACHABLE', { message: fact('STOPPED_SERVING', { node: node.name }) }),
      );
    });
    return { signal: lost.signal, [Symbol.dispose]: unsubscribe };
  }

  const refuse: Mover['refuse'] = (node, task, code, reason) => {
    const loaded = node.loaded.find((model) => sameModelName(model.name, task.model));
    const placement = loaded && isServing(node.state) ? loaded.placement : null;
    const result = { outcome: 'refused' as const, reason, code, from: placement, to: placement, evicted: [] };
    return record(node, task, result, clock.now(), 0);
  };

  async function placeOn(node: NodeView, task: MoveTask, signal: AbortSignal): Promise<MoveRecord> {
    const server = fleet.server(node.id);
    const named = { node: node.name };
    if (!server) return refuse(node, task, 'NO_SERVER', fact('NODE_HAS_NO_SERVER', named));
    if (!server.capabilities.has('moves')) {
      return refuse(node, task, 'NOT_SUPPORTED', fact('SERVER_CANNOT_MOVE', named));
    }
    using _ = locks.take(node.id, task.model);
    const result = await move(node, server, task, signal);
    return record(node, task, result, result.at, result.durationMs);
  }

  async function load(
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
    const { model: loaded } = await pollUntilPlaced(
      { clock, server, signal },
      model,
      layers === 'cpu' ? 'cpu' : 'gpu',
    );
    fleet.probeSoon(node.id);
    if (loaded) return loaded;
    throw new PilotlightError('MOVE_FAILED', {
      message: fact('LOADED_BUT_NOT_THERE', { model, node: node.name }),
    });
  }

  async function preview(node: NodeView, server: InferenceServer, task: MoveTask, signal: AbortSignal) {
    const dependencies = moveDependencies(node.id, task.model);
    const request = { anyway: false, ...task, node, server };
    const before = await takeSnapshot(dependencies, request, signal);
    const early = decideEarly(factsOf(dependencies), request, before);
    const described = early === null ? await describe(request, signal) : null;
    return previewMove({
      now: clock.now(),
      request,
      before,
      decision: early ?? decideMove(factsOf(dependencies), request, before, described),
      described,
      time: deps.loadTimes.of(node.id, task.model),
      isMeasured: (before.current?.sizeBytes ?? dependencies.lastSizeBytes) !== null,
      inFlight: dependencies.inFlight,
      requests: deps.requests(),
      usedByOthers: dependencies.usedByOthers(),
    });
  }

  async function fits(node: NodeView, server: InferenceServer, model: string, signal: AbortSignal) {
    const before = await takeSnapshot(moveDependencies(node.id, model), { server, model }, signal);
    const described = await server.describe(model, signal);
    const room = measureRoom(moveDependencies(node.id, model), { node, model }, before, described);
    return room.kind === 'fits' || room.kind === 'unknown';
  }

  return {
    move,
    preview,
    fits,
    record,
    refuse,
    placeOn,
    load,
    async idle() {
      await Promise.allSettled([...running]);
    },
  };
}
