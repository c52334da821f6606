/** The workers that are known: those that report, and those whose machine sleeps. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { WorkerRequest } from '../../../shared/contract/task-worker.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { TaskQueueName, TaskWorker, TaskWorkerRecord } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import type { TaskStore } from '../ports/task-state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { WorkerCaller } from './model.ts';
import {
  isForgotten,
  LEASE_MS,
  type LiveWorker,
  type WorkerMachine,
  workerState,
  workerView,
} from './worker-state.ts';

export interface WorkerRegistry {
  list(): TaskWorker[];
  get(workerId: string): TaskWorker | null;
  name(workerId: string): string | null;
  /** The queue that it asks first; null if it does not report to this core. */
  queueOf(workerId: string): TaskQueueName | null;
  /** Whether it is one of ours, listed or only checking itself. */
  knows(workerId: string): boolean;
  /** One that has said hello to this core, with the same credential. Throws NOT_FOUND. */
  require(workerId: string, caller: WorkerCaller): { record: TaskWorkerRecord; live: LiveWorker };
  greet(
    request: WorkerRequest<'hello'>,
    facts: { caller: WorkerCaller; trouble: Message | null; sharedFolder: boolean },
  ): void;
  /** It has reported just now. */
  seen(workerId: string, load?: TaskWorker['load']): void;
  setActive(workerId: string, active: number): void;
  counted(workerId: string, outcome: 'done' | 'failed'): void;
  leave(workerId: string): void;
  /** Throws NOT_FOUND. */
  drain(workerId: string, on: boolean): void;
  /** A worker, its machine or its state has changed. */
  onChange(listener: () => void): () => void;
  onLost(listener: (worker: TaskWorker) => void): () => void;
  /** Saves what has been counted. Never throws. */
  stop(): void;
}

export interface WorkerRegistryDependencies {
  clock: Pick<Clock, 'now' | 'timer'>;
  log: Log;
  store: TaskStore['workers'];
  streams: Pick<Streams, 'taskWorkers'>;
  fleet: {
    list(): NodeView[];
    get(nodeId: string): NodeView | null;
    onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
    simulatedMachine(nodeId: string): Pick<SimulatedMachine, 'taskWorker'> | null;
  };
  agents: { agentId(nodeId: string): string | null };
}

interface Entry {
  record: TaskWorkerRecord;
  /** null if it has not reported to this core. */
  live: LiveWorker | null;
  /** The state in which it was shown last; null if it was not. */
  shown: TaskWorker['state'] | null;
}

function machineOf({ state, canWake }: NodeView): WorkerMachine {
  if (isServing(state)) return 'on';
  if (state === 'waking' || state === 'booting') return 'asleep';
  return state === 'off' && canWake ? 'asleep' : 'unknown';
}

export function createWorkerRegistry(dependencies: WorkerRegistryDependencies): WorkerRegistry {
  const { clock, log, store, streams, fleet, agents } = dependencies;
  const entries = new Map<string, Entry>(
    store.list().map((record) => [record.id, { record, live: null, shown: null }]),
  );
  const changed = createEmitter<[]>({ name: 'workers', log });
  const lost = createEmitter<[TaskWorker]>({ name: 'workers', log });
  let timer: Timer | null = null;
  let stopped = false;

  function save(record: TaskWorkerRecord): void {
    try {
      store.put(record);
    } catch (error) {
      log.warn('A worker could not be saved.', { worker: record.id, error: String(error) });
    }
  }

  function stateOf({ record, live }: Entry): TaskWorker['state'] | null {
    if (live?.checkOnly) return null;
    const node = record.nodeId === null ? null : fleet.get(record.nodeId);
    return workerState(record, live, node && machineOf(node), clock.now());
  }

  /** Nothing was heard of it for longer than a lease. */
  const isLate = ({ seenAt }: TaskWorkerRecord) => clock.now() - seenAt > LEASE_MS;

  function show(entry: Entry): void {
    const state = stateOf(entry);
    const before = entry.shown;
    entry.shown = state;
    const { id } = entry.record;
    if (state === null) {
      streams.taskWorkers.delete(id);
      const isDone = entry.live?.checkOnly ? isLate(entry.record) : isForgotten(entry.record, clock.now());
      if (isDone) forget(id);
      return;
    }
    const view = workerView(entry.record, entry.live, state);
    streams.taskWorkers.set(id, view);
    if (state !== before && (state === 'lost' || state === 'asleep')) save(entry.record);
    if (state === 'lost' && (before === 'online' || before === 'draining')) lost.emit(view);
  }

  function forget(id: string): void {
    entries.delete(id);
    try {
      store.remove(id);
    } catch (error) {
      log.warn('A worker could not be removed.', { worker: id, error: String(error) });
    }
  }

  /** That of a simulated machine is known before the machine is on for the first time. */
  function knowSimulated(nodeId: string): void {
    const worker = fleet.simulatedMachine(nodeId)?.taskWorker ?? null;
    if (worker === null || entries.has(worker.id)) return;
    const now = clock.now();
    const times = { seenAt: now, startedAt: now };
    const record = { ...worker, ...times, nodeId, version: 'simulated', done: 0, failed: 0 };
    entries.set(worker.id, { record, live: null, shown: null });
  }

  function forgetSimulated(nodeId: string): void {
    for (const { record } of [...entries.values()]) {
      if (record.nodeId !== nodeId) continue;
      streams.taskWorkers.delete(record.id);
      forget(record.id);
    }
    changed.emit();
  }

  function publish(): void {
    for (const entry of [...entries.values()]) show(entry);
    schedule();
    changed.emit();
  }

  /** The next moment at which one may be lost. */
  function schedule(): void {
    timer?.cancel();
    timer = null;
    if (stopped) return;
    const ends = [...entries.values()]
      .filter(({ shown }) => shown === 'online' || shown === 'draining')
      .map(({ record }) => record.seenAt + LEASE_MS);
    const nextMs = ends.length === 0 ? LEASE_MS * 20 : Math.min(...ends) - clock.now();
    if (entries.size > 0) timer = clock.timer(Math.max(1, nextMs), publish);
  }

  const stopListening = fleet.onChange((node, previous) => {
    const id = node?.id ?? previous?.id;
    if (node === null && previous?.kind === 'simulated') forgetSimulated(previous.id);
    if (node !== null && previous === null) knowSimulated(node.id);
    if (![...entries.values()].some(({ record }) => record.nodeId === id)) return;
    if (node?.state !== previous?.state || node?.canWake !== previous?.canWake) publish();
  });

  function nodeOf(agentId: string | null, local: boolean): string | null {
    const nodes = fleet.list();
    if (agentId !== null) return nodes.find(({ id }) => agents.agentId(id) === agentId)?.id ?? null;
    return local ? (nodes.find(({ kind }) => kind === 'this-computer')?.id ?? null) : null;
  }

  function find(workerId: string): Entry {
    const entry = entries.get(workerId);
    if (!entry) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_WORKER') });
    return entry;
  }

  const views = () =>
    [...entries.values()].flatMap((entry) => {
      const state = stateOf(entry);
      return state === null ? [] : workerView(entry.record, entry.live, state);
    });

  for (const { id } of fleet.list()) knowSimulated(id);
  for (const entry of entries.values()) show(entry);
  schedule();

  return {
    list: views,
    get: (workerId) => views().find(({ id }) => id === workerId) ?? null,
    name: (workerId) => entries.get(workerId)?.record.name ?? null,
    queueOf(workerId) {
      const entry = entries.get(workerId);
      return entry?.live && !entry.live.left ? (entry.record.queues[0] ?? null) : null;
    },
    knows: (workerId) => entries.has(workerId),
    require(workerId, caller) {
      const { record, live } = find(workerId);
      if (live === null || live.credentialId !== caller.credentialId) {
        throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_WORKER') });
      }
      return { record, live };
    },
    greet({ id, name, type, queues, slots, version, contentTypes, agentId, checkOnly = false }, facts) {
      const known = entries.get(id);
      const now = clock.now();
      const record: TaskWorkerRecord = {
        ...{ id, name, type, queues, slots, version, contentTypes },
        nodeId: nodeOf(agentId, facts.caller.local) ?? known?.record.nodeId ?? null,
        seenAt: now,
        startedAt: known?.live?.left === false ? known.record.startedAt : now,
        done: known?.record.done ?? 0,
        failed: known?.record.failed ?? 0,
      };
      entries.set(id, {
        record,
        live: {
          credentialId: facts.caller.credentialId,
          active: known?.live?.active ?? 0,
          load: null,
          sharedFolder: facts.sharedFolder,
          draining: known?.live?.left === false ? known.live.draining : false,
          trouble: facts.trouble,
          checkOnly,
          left: false,
        },
        shown: known?.shown ?? null,
      });
      if (!checkOnly) save(record);
      publish();
    },
    seen(workerId, load) {
      const entry = entries.get(workerId);
      if (!entry?.live) return;
      entry.record = { ...entry.record, seenAt: clock.now() };
      if (load !== undefined) entry.live.load = load;
      const back = entry.shown !== 'online' && entry.shown !== 'draining';
      show(entry);
      if (back) publish();
    },
    setActive(workerId, active) {
      const entry = entries.get(workerId);
      if (!entry?.live || entry.live.active === active) return;
      entry.live.active = active;
      show(entry);
    },
    counted(workerId, outcome) {
      const entry = entries.get(workerId);
      if (!entry) return;
      entry.record = { ...entry.record, [outcome]: entry.record[outcome] + 1 };
      show(entry);
    },
    leave(workerId) {
      const entry = entries.get(workerId);
      if (!entry?.live) return;
      entry.live.left = true;
      entry.live.active = 0;
      if (entry.live.checkOnly) {
        forget(workerId);
        return;
      }
      save(entry.record);
      publish();
    },
    drain(workerId, on) {
      const entry = find(workerId);
      if (entry.live === null) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_WORKER') });
      entry.live.draining = on;
      publish();
    },
    onChange: changed.on,
    onLost: lost.on,
    stop() {
      stopped = true;
      timer?.cancel();
      stopListening();
      for (const { record, live } of entries.values()) if (live !== null && !live.checkOnly) save(record);
    },
  };
}
