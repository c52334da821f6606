import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Explanation, MoveRecord } from '../../../shared/models/placement.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { ActivityService } from '../activity/service.ts';
import { canonicalName, matchesPriority } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { createEnsureOnGpu, type EnsureOnGpu } from './ensure.ts';
import { createLoadWatch } from './loads.ts';
import { createPlacementMemory } from './memory.ts';
import type { RequestsInFlight } from './move.ts';
import { createMover, type MoveTask } from './mover.ts';
import { createMoveHistory } from './moves.ts';
import { createNodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';
import { explainModel, type PlanInput } from './plan.ts';
import { resolveModel } from './resolve.ts';
import { pollUntilUnloaded } from './verify.ts';

/** The parts of the fleet that placement uses. */
export interface PlacementFleet {
  list(): NodeView[];
  /** Throws NOT_FOUND. */
  require(id: string): NodeView;
  server(id: string): InferenceServer | null;
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  probeSoon(nodeId: string): void;
  /** Pins have changed: update the node's view. */
  refresh(nodeId: string): void;
  markGpu(nodeId: string, verdict: 'verified' | 'not-checked'): void;
}

export interface PlaceRequest {
  model: string;
  target: 'gpu' | 'cpu';
  /** null for every node that has the model. */
  nodeId: string | null;
  by: MoveRecord['by'];
  /** Even if the model is known not to fit entirely. Default false. */
  anyway?: boolean;
  signal: AbortSignal;
}

export interface PlacementService {
  /**
   * Moves a model, or loads it if it is not loaded. For one node, rejects with NOT_FOUND, MODEL_NOT_FOUND, NODE_ASLEEP,
   * NO_SERVER, MOVE_IN_PROGRESS. For all nodes, what cannot be done on one is a `refused` record.
   */
  place(request: PlaceRequest): Promise<MoveRecord[]>;
  /** Moves every loaded priority model, on one node or all. Rejects with NOT_FOUND. */
  placeAll(request: Omit<PlaceRequest, 'model'>): Promise<MoveRecord[]>;
  ensureOnGpu: EnsureOnGpu;
  /** Rejects with NOT_FOUND, NODE_ASLEEP, NO_SERVER, NOT_LOADED, PINNED, MOVE_IN_PROGRESS. */
  unload(request: { model: string; nodeId: string; signal: AbortSignal }): Promise<void>;
  pin(nodeId: string, model: string, pinned: boolean): void;
  isPinned(nodeId: string, model: string): boolean;
  explain(nodeId: string, model: string): Explanation;
  /** What the planner needs to know about a node. */
  planInput(node: NodeView): PlanInput;
  /** Newest first. */
  history(limit: number): MoveRecord[];
  /** Called before the fleet shows the result of a move. Returns how to stop. */
  onMove(listener: (record: MoveRecord) => void): () => void;
  start(): void;
  /** Cancels running moves and waits for them. */
  stop(): Promise<void>;
}

export interface PlacementServiceDependencies {
  clock: Clock;
  log: Log;
  store: Pick<Store, 'moves'>;
  streams: Pick<Streams, 'moves'>;
  settings: { current(): Settings };
  activity: Pick<ActivityService, 'record'>;
  fleet: PlacementFleet;
  pins: Pins;
  /** Moves wait for these requests. */
  inFlight: RequestsInFlight;
  /** New readings of a node's own tools; null if it has none. */
  readGpus: (nodeId: string, signal: AbortSignal) => Promise<GpuReading[] | null>;
  /** Their last readings; null if there are none. */
  reading: (nodeId: string) => { gpus: GpuReading[] | null } | null;
}

const UNLOAD_SHOWN_MS = 5000;
/** How long a stop waits for cancelled moves to be undone. */
const RESTORE_GRACE_MS = 10_000;
/** For how many probes a model must stay in one place before the optimizer moves it. */
const PROBES_TO_SETTLE = 3;
const LEARNED_MOVES = 500;

export function createPlacementService(deps: PlacementServiceDependencies): PlacementService {
  const { clock, log, store, streams, settings, activity, fleet, pins, readGpus, reading, inFlight } = deps;
  const moves = createMoveHistory({ store, streams, log });
  const memory = createPlacementMemory({ clock, moves: moves.list(LEARNED_MOVES) });
  const locks = createNodeLocks();
  const lifetime = new AbortController();
  const moved = createEmitter<[MoveRecord]>({ name: 'moves', log });
  const restoring = new AbortController();
  let unsubscribe: (() => void) | null = null;
  const loads = createLoadWatch({
    clock,
    onStalled: (nodeId, model, stuck) =>
      activity.record({
        kind: 'placement',
        severity: 'error',
        message: fact('MODEL_DOES_NOT_LOAD', { model, node: nameOf(nodeId) }),
        why: fact('LOADS_BLOCKED', { stuck, node: null }),
        nodeId,
        notify: true,
      }),
  });

  const nameOf = (nodeId: string) => fleet.list().find((node) => node.id === nodeId)?.name ?? null;
  const priorityModels = () => settings.current().optimizer.priorityModels;

  const mover = createMover({
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
    lifetime: lifetime.signal,
    restoring: restoring.signal,
    isPriority: (name) => matchesPriority(name, priorityModels()),
    onRecord: moved.emit,
  });
  const { refuse, placeOn } = mover;
  const ensureOnGpu = createEnsureOnGpu({ mover, locks, pins, requireServing, nameOn });

  async function placeEverywhere(request: PlaceRequest): Promise<MoveRecord[]> {
    const { model, target, by, anyway = false, signal } = request;
    const having = fleet.list().flatMap((node) => {
      const name = resolveModel(node.installed, model);
      return name === null ? [] : [{ node, task: { model: name, target, by, anyway } }];
    });
    if (having.length === 0) {
      throw new PilotlightError('MODEL_NOT_FOUND', { message: fact('NO_NODE_HAS_MODEL', { model }) });
    }
    return Promise.all(
      having.map(({ node, task }) => {
        if (!isServing(node.state)) {
          return refuse(node, task, 'NODE_ASLEEP', fact('NODE_ASLEEP_WAKE_FIRST', { node: node.name }));
        }
        return placeUnlessMoving(node, task, signal);
      }),
    );
  }

  async function placeUnlessMoving(node: NodeView, task: MoveTask, signal: AbortSignal): Promise<MoveRecord> {
    const model = locks.holder(node.id);
    return model === null
      ? placeOn(node, task, signal)
      : refuse(node, task, 'MOVE_IN_PROGRESS', fact('MOVE_RUNNING', { model, node: node.name }));
  }

  async function nameOn(node: NodeView, model: string, signal: AbortSignal): Promise<string> {
    const known = resolveModel(node.installed, model);
    if (known !== null) return known;
    // The model may have been pulled since the last probe.
    const installed = (await fleet.server(node.id)?.installed(signal)) ?? [];
    const name = resolveModel(installed, model);
    if (name !== null) return name;
    throw new PilotlightError('MODEL_NOT_FOUND', {
      message: fact('MODEL_NOT_ON_NODE', { model, node: node.name }),
      details: { installed: installed.map((entry) => entry.name) },
    });
  }

  function requireServing(nodeId: string): { node: NodeView; server: InferenceServer } {
    const node = fleet.require(nodeId);
    const named = { node: node.name };
    if (!isServing(node.state)) {
      throw new PilotlightError('NODE_ASLEEP', { message: fact('NODE_NOT_SERVING', named) });
    }
    const server = fleet.server(nodeId);
    if (!server) throw new PilotlightError('NO_SERVER', { message: fact('NODE_HAS_NO_SERVER', named) });
    return { node, server };
  }

  const planInput = (node: NodeView): PlanInput => ({
    now: clock.now(),
    node,
    gpus: reading(node.id)?.gpus ?? [],
    priorityModels: priorityModels(),
    pinned: pins.on(node.id),
    inFlight: (model) => inFlight.count(node.id, model),
    moving: locks.holder(node.id),
    blocked: loads.blocked(node.id),
    history: (model) => memory.history(node.id, model),
    placedSince: (model) => memory.placedSince(node.id, model),
    lastLoadedAt: (model) => memory.lastLoadedAt(node.id, model),
    settleMs: PROBES_TO_SETTLE * settings.current().fleet.lookIntervalMs,
  });

  return {
    async place(request) {
      if (request.nodeId === null) return placeEverywhere(request);
      const { nodeId, target, by, anyway = false, signal } = request;
      const model = await nameOn(requireServing(nodeId).node, request.model, signal);
      return [await placeOn(requireServing(nodeId).node, { model, target, by, anyway }, signal)];
    },

    async placeAll({ target, nodeId, by, anyway = false, signal }) {
      const nodes = nodeId === null ? fleet.list() : [fleet.require(nodeId)];
      const records = await Promise.all(
        nodes
          .filter((node) => isServing(node.state))
          .map(async (node) => {
            const done: MoveRecord[] = [];
            for (const model of node.loaded.filter((entry) =>
              matchesPriority(entry.name, priorityModels()),
            )) {
              signal.throwIfAborted();
              done.push(await placeUnlessMoving(node, { model: model.name, target, by, anyway }, signal));
            }
            return done;
          }),
      );
      return records.flat();
    },

    ensureOnGpu,

    async unload({ model, nodeId, signal }) {
      const { node, server } = requireServing(nodeId);
      const loaded = await server.loaded(signal);
      const name = resolveModel(loaded, model);
      if (name === null) {
        const message = fact('MODEL_NOT_LOADED_ON', { model, node: node.name });
        throw new PilotlightError('NOT_LOADED', { message });
      }
      const named = { model: name, node: node.name };
      if (pins.has(nodeId, name)) {
        throw new PilotlightError('PINNED', { message: fact('MODEL_IS_PINNED_ON', named) });
      }
      using _ = locks.take(nodeId, name);
      await server.unload(name, signal);
      await pollUntilUnloaded({ clock, server, signal }, name, UNLOAD_SHOWN_MS);
      fleet.probeSoon(nodeId);
      activity.record({
        kind: 'placement',
        severity: 'info',
        message: fact('MODEL_UNLOADED', named),
        nodeId,
      });
    },

    pin(nodeId, model, pinned) {
      const node = fleet.require(nodeId);
      const name = resolveModel([...node.installed, ...node.loaded], model) ?? canonicalName(model);
      if (pins.has(nodeId, name) === pinned) return;
      pins.set(nodeId, name, pinned);
      const named = { model: name, node: node.name };
      const message = pinned ? fact('MODEL_PINNED', named) : fact('MODEL_UNPINNED', named);
      activity.record({ kind: 'placement', severity: 'info', message, nodeId });
      fleet.refresh(nodeId);
    },

    isPinned: (nodeId, model) => pins.has(nodeId, model),

    explain(nodeId, model) {
      const node = fleet.require(nodeId);
      const name = resolveModel([...node.loaded, ...node.installed], model) ?? model;
      return explainModel(planInput(node), name).explanation;
    },

    planInput,
    history: moves.list,
    onMove: moved.on,

    start() {
      for (const node of fleet.list()) memory.observe(node, null);
      unsubscribe ??= fleet.onChange((node, previous) => {
        if (node === null) {
          if (previous) memory.forget(previous.id);
          return;
        }
        const { restarted, appeared } = memory.observe(node, previous);
        if (restarted || (appeared && locks.holder(node.id) === null)) loads.clear(node.id);
      });
    },

    async stop() {
      lifetime.abort(new PilotlightError('STOPPING'));
      unsubscribe?.();
      unsubscribe = null;
      const grace = clock.timer(RESTORE_GRACE_MS, () => restoring.abort(new PilotlightError('STOPPING')));
      await mover.idle();
      grace.cancel();
    },
  };
}
