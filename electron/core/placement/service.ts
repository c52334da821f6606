import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { plainText } from '../../../shared/models/message.ts';
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
import { createMover } from './mover.ts';
import { createMoveHistory } from './moves.ts';
import { createNodeLocks } from './node-lock.ts';
import type { Pins } from './pins.ts';
import { explainModel, type PlanInput } from './plan.ts';
import { resolveModel } from './resolve.ts';
import { lookUntilGone } from './verify.ts';

/** What placement needs of the fleet. */
export interface PlacementFleet {
  list(): NodeView[];
  /** Throws NOT_FOUND. */
  require(id: string): NodeView;
  server(id: string): InferenceServer | null;
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  probeSoon(nodeId: string): void;
  /** Pins changed: the views are made anew. */
  refresh(nodeId: string): void;
  markGpu(nodeId: string, verdict: 'verified' | 'not-checked'): void;
}

export interface PlaceRequest {
  model: string;
  target: 'gpu' | 'cpu';
  /** Null for every node that has the model. */
  nodeId: string | null;
  by: MoveRecord['by'];
  /** Also where the model is known not to fit wholly; false when left out. */
  anyway?: boolean;
  signal: AbortSignal;
}

export interface PlacementService {
  /**
   * Moves a model, or loads it where it is not loaded. With a node: throws NOT_FOUND, MODEL_NOT_FOUND,
   * NODE_ASLEEP, MOVE_IN_PROGRESS. Everywhere else what cannot be done is a `refused` record.
   */
  place(request: PlaceRequest): Promise<MoveRecord[]>;
  /** Every loaded priority model, on one node or all. Throws NOT_FOUND. */
  placeAll(request: Omit<PlaceRequest, 'model'>): Promise<MoveRecord[]>;
  ensureOnGpu: EnsureOnGpu;
  /** Throws NOT_FOUND, NODE_ASLEEP, NOT_LOADED, PINNED. */
  unload(request: { model: string; nodeId: string; signal: AbortSignal }): Promise<void>;
  pin(nodeId: string, model: string, pinned: boolean): void;
  isPinned(nodeId: string, model: string): boolean;
  explain(nodeId: string, model: string): Explanation;
  /** What the planner needs to know of a node. */
  planInput(node: NodeView): PlanInput;
  /** Newest first. */
  history(limit: number): MoveRecord[];
  /** Called before the fleet shows what a move changed. Returns how to stop. */
  onMove(listener: (record: MoveRecord) => void): () => void;
  start(): void;
  /** Ends what is under way and waits for it. */
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
  /** No move disturbs a request. */
  inFlight: RequestsInFlight;
  /** Fresh readings of a node's own tools; null where there are none. */
  readGpus: (nodeId: string, signal: AbortSignal) => Promise<GpuReading[] | null>;
  /** What they read last, at once; null where there are none. */
  reading: (nodeId: string) => { gpus: GpuReading[] | null } | null;
}

const UNLOAD_SHOWN_MS = 5000;
/** What a stop gives to moves that were broken off, to put back what they had unloaded. */
const RESTORE_GRACE_MS = 10_000;
/** Looks at its present place that a model needs before the optimizer moves it. */
const LOOKS_TO_SETTLE = 3;
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
    onStalled: (nodeId, model, message) =>
      activity.record({
        kind: 'placement',
        severity: 'error',
        message: plainText(`${model} does not load on ${nameOf(nodeId)}.`),
        why: plainText(`${message} Restart Ollama there.`),
        nodeId,
        notify: true,
      }),
  });

  const nameOf = (nodeId: string) => fleet.list().find((node) => node.id === nodeId)?.name ?? 'a node';
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
  const { refusal, placeOn } = mover;
  const ensureOnGpu = createEnsureOnGpu({ mover, locks, pins, requireServing, nameOn });

  async function placeEverywhere(request: PlaceRequest): Promise<MoveRecord[]> {
    const { model, target, by, anyway = false, signal } = request;
    const having = fleet.list().flatMap((node) => {
      const name = resolveModel(node.installed, model);
      return name === null ? [] : [{ node, task: { model: name, target, by, anyway } }];
    });
    if (having.length === 0) {
      throw new PilotlightError('MODEL_NOT_FOUND', { message: `No machine that was seen has "${model}".` });
    }
    return Promise.all(
      having.map(({ node, task }) => {
        if (!isServing(node.state)) {
          return refusal(node, task, 'NODE_ASLEEP', `${node.name} does not serve now. Wake it first.`);
        }
        const holder = locks.holder(node.id);
        if (holder !== null) {
          return refusal(node, task, 'MOVE_IN_PROGRESS', `${holder} is being moved on ${node.name} now.`);
        }
        return placeOn(node, task, signal);
      }),
    );
  }

  async function nameOn(node: NodeView, model: string, signal: AbortSignal): Promise<string> {
    const known = resolveModel(node.installed, model);
    if (known !== null) return known;
    // The list may be older than a pull: the server itself has the last word.
    const installed = (await fleet.server(node.id)?.installed(signal)) ?? [];
    const name = resolveModel(installed, model);
    if (name !== null) return name;
    throw new PilotlightError('MODEL_NOT_FOUND', {
      message: `${model} is not on ${node.name}.`,
      details: { installed: installed.map((entry) => entry.name) },
    });
  }

  function requireServing(nodeId: string): { node: NodeView; server: InferenceServer } {
    const node = fleet.require(nodeId);
    if (!isServing(node.state)) {
      throw new PilotlightError('NODE_ASLEEP', { message: `${node.name} is not serving now.` });
    }
    const server = fleet.server(nodeId);
    if (!server) throw new PilotlightError('NO_SERVER', { message: `${node.name} has no inference server.` });
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
    settleMs: LOOKS_TO_SETTLE * settings.current().fleet.lookIntervalMs,
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
              const task = { model: model.name, target, by, anyway };
              const holder = locks.holder(node.id);
              done.push(
                holder === null
                  ? await placeOn(node, task, signal)
                  : refusal(node, task, 'MOVE_IN_PROGRESS', `${holder} is being moved on ${node.name} now.`),
              );
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
      if (name === null)
        throw new PilotlightError('NOT_LOADED', { message: `${model} is not loaded on ${node.name}.` });
      if (pins.has(nodeId, name)) {
        throw new PilotlightError('PINNED', { message: `${name} is pinned on ${node.name}.` });
      }
      using _ = locks.take(nodeId, name);
      await server.unload(name, signal);
      await lookUntilGone({ clock, server, signal }, name, UNLOAD_SHOWN_MS);
      fleet.probeSoon(nodeId);
      activity.record({
        kind: 'placement',
        severity: 'info',
        message: plainText(`${name} was unloaded from ${node.name}.`),
        nodeId,
      });
    },

    pin(nodeId, model, pinned) {
      const node = fleet.require(nodeId);
      const name = resolveModel([...node.installed, ...node.loaded], model) ?? canonicalName(model);
      if (pins.has(nodeId, name) === pinned) return;
      pins.set(nodeId, name, pinned);
      const message = pinned
        ? `${name} is pinned on ${node.name}.`
        : `The pin of ${name} on ${node.name} was taken off.`;
      activity.record({ kind: 'placement', severity: 'info', message: plainText(message), nodeId });
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
