import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { canonicalName, matchesPriority } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import { createEnsureOnGpu } from './ensure.ts';
import { explainModel } from './explain.ts';
import { createForeignLoads } from './foreign-loads.ts';
import { GPU_NOT_USED_WINDOW_MS, isFutile } from './futile.ts';
import { createGpuDoubt } from './gpu-doubt.ts';
import { createLastFailures } from './last-failure.ts';
import { createLoadTimes, learnFromMoves } from './load-times.ts';
import { createPlacementMemory } from './memory.ts';
import type { PlacementService, PlacementServiceDependencies, PlaceRequest } from './model.ts';
import { createModelfiles } from './modelfiles.ts';
import { createMover, type MoveTask } from './mover.ts';
import { createMoveHistory } from './moves.ts';
import { createNodeLocks } from './node-lock.ts';
import type { PlanInput } from './plan.ts';
import { resolveModel } from './resolve.ts';
import { createStuckLoads } from './stuck-loads.ts';
import { createUnload } from './unload.ts';

export type {
  PlacementFleet,
  PlacementService,
  PlacementServiceDependencies,
  PlaceRequest,
} from './model.ts';

/** How long a stop waits for cancelled moves to be undone. */
const RESTORE_GRACE_MS = 10_000;
/** For how many probes a model must stay in one place before the optimizer moves it. */
const PROBES_TO_SETTLE = 3;
const LEARNED_MOVES = 500;
const nothingHeld: Disposable = { [Symbol.dispose]() {} };

export function createPlacementService(deps: PlacementServiceDependencies): PlacementService {
  const { clock, log, store, streams, settings, activity, fleet, pins, readGpus, reading, inFlight } = deps;
  const { holdBack = async () => nothingHeld, usedByOthers = () => null } = deps;
  const moves = createMoveHistory({ store, streams, log });
  const memory = createPlacementMemory({ clock, moves: moves.list(LEARNED_MOVES) });
  const locks = createNodeLocks();
  const lifetime = new AbortController();
  const moved = createEmitter<[MoveRecord]>({ name: 'moves', log });
  const restoring = new AbortController();
  const modelfiles = createModelfiles({
    server: fleet.server,
    signal: lifetime.signal,
    onRead: fleet.setModelfileLayers,
  });
  const gpuDoubt = createGpuDoubt();
  const failures = createLastFailures(moves.list(LEARNED_MOVES), moves.supersede);
  const stops: (() => void)[] = [];
  const loadTimes = createLoadTimes();
  learnFromMoves(loadTimes, moves.list(LEARNED_MOVES));
  const loads = createStuckLoads({ clock, log, activity, fleet, inFlight, times: loadTimes });

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
    holdBack,
    usedByOthers,
    loadTimes,
    requests: () => deps.requests?.() ?? null,
    locks,
    loads,
    lifetime: lifetime.signal,
    restoring: restoring.signal,
    isPriority: (name) => matchesPriority(name, priorityModels()),
    onRecord(record) {
      failures.recorded(record);
      moved.emit(record);
      void compareAfter(record);
    },
  });
  const { refuse, placeOn } = mover;
  const ensureOnGpu = createEnsureOnGpu({ mover, locks, pins, requireServing, nameOn, futile });

  /** A load that ended on the CPU is not repeated by each job: its GPU is lost, or it may have none. */
  function futile(node: NodeView, model: string): Message | null {
    const now = clock.now();
    if (node.gpuLost !== null && isFutile(node.gpuLost, now)) return node.gpuLost.reason;
    const at = memory.history(node.id, model)?.gpuNotUsedAt ?? null;
    if (node.hasGpu === true || at === null || now - at >= GPU_NOT_USED_WINDOW_MS) return null;
    return fact('ENDED_ON_CPU_BEFORE', { node: node.name });
  }

  /** Remembers how a model is loaded after a move that failed, to notice the next load. */
  async function compareAfter(record: MoveRecord): Promise<void> {
    if (record.outcome !== 'failed' && record.outcome !== 'refused') return;
    await fleet.probe(record.nodeId).catch(() => {});
    const node = fleet.list().find(({ id }) => id === record.nodeId);
    if (node && isServing(node.state)) failures.settled(node, record);
  }

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

  /** Pilotlight, a person or its Modelfile put it there. */
  const isKeptOnCpu = (nodeId: string, name: string, digest: string) =>
    memory.history(nodeId, name)?.movedTo === 'cpu' ||
    pins.has(nodeId, name) ||
    modelfiles.keeps({ digest, placement: 'cpu' });

  const isGpuInDoubt = (node: NodeView) =>
    gpuDoubt.observe(node, {
      gpus: reading(node.id)?.gpus ?? [],
      moving: locks.holder(node.id),
      keptOnCpu: ({ name, digest }) => isKeptOnCpu(node.id, name, digest),
    });

  const foreignLoads = createForeignLoads({
    fleet,
    times: loadTimes,
    gpus: (nodeId) => reading(nodeId)?.gpus ?? [],
    moving: locks.holder,
    keptOnCpu: (nodeId, { name, digest }) => isKeptOnCpu(nodeId, name, digest),
  });

  function forget(nodeId: string): void {
    memory.forget(nodeId);
    failures.forget(nodeId);
    gpuDoubt.forget(nodeId);
    loads.forget(nodeId);
    loadTimes.forget(nodeId);
  }

  const planInput = (node: NodeView): PlanInput => ({
    now: clock.now(),
    node,
    gpus: reading(node.id)?.gpus ?? [],
    priorityModels: priorityModels(),
    pinned: pins.on(node.id),
    inFlight: (model) => inFlight.count(node.id, model),
    fromGateway: (model) => inFlight.fromGateway?.(node.id, model) ?? 0,
    usedByOthers: usedByOthers(node.id) ?? [],
    moving: locks.holder(node.id),
    blocked: loads.blocked(node.id),
    history: (model) => memory.history(node.id, model),
    placedSince: (model) => memory.placedSince(node.id, model),
    lastLoadedAt: (model) => memory.lastLoadedAt(node.id, model),
    lastFailure: (model) => failures.get(node.id, model),
    keptByModelfile: modelfiles.keeps,
    settleMs: PROBES_TO_SETTLE * settings.current().fleet.lookIntervalMs,
  });

  return {
    async place(request) {
      if (request.nodeId === null) return placeEverywhere(request);
      const { nodeId, target, by, anyway = false, signal } = request;
      const model = await nameOn(requireServing(nodeId).node, request.model, signal);
      return [await placeOn(requireServing(nodeId).node, { model, target, by, anyway }, signal)];
    },

    async preview({ nodeId, target, by, anyway = false, ...request }) {
      const { signal } = request;
      const model = await nameOn(requireServing(nodeId).node, request.model, signal);
      const { node, server } = requireServing(nodeId);
      if (!server.capabilities.has('moves')) {
        throw new PilotlightError('NOT_SUPPORTED', {
          message: fact('SERVER_CANNOT_MOVE', { node: node.name }),
        });
      }
      return mover.preview(node, server, { model, target, by, anyway }, signal);
    },

    async placeAll({ target, nodeId, by, anyway = false, signal }) {
      const nodes = nodeId === null ? fleet.list() : [fleet.require(nodeId)];
      const records = await Promise.all(
        nodes
          .filter((node) => isServing(node.state))
          .map(async (node) => {
            const done: MoveRecord[] = [];
            for (const model of node.loaded.filter(({ priority }) => priority)) {
              signal.throwIfAborted();
              done.push(await placeUnlessMoving(node, { model: model.name, target, by, anyway }, signal));
            }
            return done;
          }),
      );
      return records.flat();
    },

    ensureOnGpu,

    ...createUnload({
      clock,
      activity,
      fleet,
      pins,
      locks,
      requireServing,
      inFlight,
      holdBack,
      usedByOthers,
    }),

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
    observeRequests: loads.silent,
    observeLoad: (load) => void foreignLoads.observe(load),
    history: moves.list,
    onMove: moved.on,

    start() {
      for (const node of fleet.list()) memory.observe(node, null);
      stops.push(
        fleet.onRestart((nodeId) => {
          memory.restarted(nodeId);
          loads.clear(nodeId);
        }),
        fleet.onChange((node, previous) => {
          if (node === null) {
            if (previous) forget(previous.id);
            return;
          }
          if (isGpuInDoubt(node)) fleet.markGpu(node.id, { kind: 'not-checked' });
          const { restarted, appeared } = memory.observe(node, previous);
          if (restarted || (appeared && locks.holder(node.id) === null)) loads.clear(node.id);
          else loads.changed(node.id);
          if (!isServing(node.state)) return;
          failures.observe(node, locks.holder(node.id));
          modelfiles.observe(node);
        }),
      );
    },

    async stop() {
      lifetime.abort(new PilotlightError('STOPPING'));
      for (const stop of stops.splice(0)) stop();
      const grace = clock.timer(RESTORE_GRACE_MS, () => restoring.abort(new PilotlightError('STOPPING')));
      await mover.idle();
      loads.stop();
      grace.cancel();
    },
  };
}
