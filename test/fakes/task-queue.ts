/** A queue of tasks in memory, on the clock of the test. It passes the contract test of the real ones. */
import type {
  ClaimRequest,
  LeaseProof,
  MovableTaskQueue,
  TaskChange,
  TaskClaim,
  TaskQuery,
  TaskQueue,
} from '../../electron/core/ports/task-queue.ts';
import type { Clock, Timer } from '../../electron/core/ports/time.ts';
import { createChanges } from '../../electron/core/runtime/changes.ts';
import {
  addToLog,
  queueSteps,
  searchable,
  stateAfterAttempt,
} from '../../electron/core/tasks/queue-steps.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { createEmitter } from '../../shared/emitter.ts';
import {
  endedTaskStates,
  type TaskFailure,
  type TaskQueueName,
  type TaskRecord,
  type TaskState,
  type TaskStep,
  taskQueueNames,
  taskStateSchema,
} from '../../shared/models/tasks.ts';

interface Entry {
  record: TaskRecord;
  order: number;
  /** Among those of the same priority. */
  place: number;
  steps: TaskStep[];
  log: string;
  /** Of the present lease, or of the one that ended it; null after a lease that was lost or given back. */
  token: string | null;
  lease: Timer | null;
  delay: Timer | null;
}

type QueueWarning = Awaited<ReturnType<TaskQueue['warnings']>>[number];

export interface FakeTaskQueue extends MovableTaskQueue {
  /** While set, every call rejects with it. */
  broken: PilotlightError | null;
  /** What `warnings` answers. */
  warns: readonly QueueWarning[];
  readonly closed: boolean;
  records(): TaskRecord[];
}

export function createFakeTaskQueue({ clock }: { clock: Pick<Clock, 'now' | 'timer'> }): FakeTaskQueue {
  const entries = new Map<string, Entry>();
  const changed = createEmitter<[readonly TaskChange[]]>({ name: 'queue' });
  const lost = createEmitter<[{ id: string; workerId: string; state: TaskState }]>({ name: 'queue' });
  const arrivals = createChanges();
  let order = 0;
  let tokens = 0;
  const self = {
    broken: null as PilotlightError | null,
    closed: false,
    warns: [] as readonly QueueWarning[],
  };

  function check(): void {
    if (self.broken) throw self.broken;
    if (self.closed) throw new PilotlightError('STOPPING');
  }

  function step(entry: Entry, made: Omit<TaskStep, 'at'>): void {
    entry.steps.push({ at: clock.now(), ...made });
  }

  function change(entry: Entry, patch: Partial<TaskRecord>): void {
    entry.record = { ...entry.record, ...patch };
    changed.emit([{ id: entry.record.id, state: entry.record.state }]);
    if (entry.record.state === 'waiting') arrivals.notify();
  }

  function releaseLease(entry: Entry): void {
    entry.lease?.cancel();
    entry.lease = null;
  }

  function wait(entry: Entry, untilMs: number | null): void {
    releaseLease(entry);
    entry.delay?.cancel();
    if (untilMs === null || untilMs <= clock.now()) {
      change(entry, { state: 'waiting', runAt: null });
      return;
    }
    entry.delay = clock.timer(untilMs - clock.now(), () => {
      if (entry.record.state === 'delayed') change(entry, { state: 'waiting', runAt: null });
    });
    change(entry, { state: 'delayed', runAt: untilMs });
  }

  function end(
    entry: Entry,
    state: 'completed' | 'failed' | 'cancelled',
    patch: Partial<TaskRecord> = {},
  ): void {
    releaseLease(entry);
    entry.delay?.cancel();
    change(entry, { ...patch, state, endedAt: clock.now(), runAt: null });
  }

  function endAttempt(entry: Entry, failure: TaskFailure, retryAfterMs: number | null): TaskState {
    entry.record = { ...entry.record, failure };
    if (retryAfterMs === null || stateAfterAttempt(entry.record, retryAfterMs) === 'failed')
      end(entry, 'failed');
    else wait(entry, clock.now() + retryAfterMs);
    return entry.record.state;
  }

  function lease(entry: Entry, leaseMs: number): void {
    entry.lease?.cancel();
    entry.lease = clock.timer(leaseMs, () => {
      const { id, workerId } = entry.record;
      step(entry, queueSteps.lost(workerId ?? ''));
      entry.token = null;
      const { code, message } = new PilotlightError('WORKER_LEFT');
      endAttempt(entry, { code, message }, 0);
      lost.emit({ id, workerId: workerId ?? '', state: entry.record.state });
    });
  }

  const byTurn = (one: Entry, other: Entry) =>
    other.record.priority - one.record.priority || one.place - other.place;

  function take({ queues, workerId, leaseMs }: Omit<ClaimRequest, 'count' | 'waitMs'>): TaskClaim | null {
    for (const queue of queues) {
      const [first] = [...entries.values()]
        .filter(({ record }) => record.queue === queue && record.state === 'waiting')
        .sort(byTurn);
      if (!first) continue;
      const token = `token_${++tokens}`;
      first.token = token;
      lease(first, leaseMs);
      change(first, {
        state: 'active',
        workerId,
        attempts: first.record.attempts + 1,
        startedAt: clock.now(),
        progress: 0,
        progressText: '',
      });
      step(first, queueSteps.claimed(workerId, first.record.attempts, first.record.maxAttempts));
      return { task: first.record, token, leaseUntil: clock.now() + leaseMs };
    }
    return null;
  }

  function held({ id, token }: LeaseProof): Entry | null {
    const entry = entries.get(id);
    return entry?.token === token && entry.record.state === 'active' ? entry : null;
  }

  function each(ids: readonly string[], act: (entry: Entry) => boolean): number {
    check();
    return [...new Set(ids)].filter((id) => {
      const entry = entries.get(id);
      return entry !== undefined && act(entry);
    }).length;
  }

  const fits = ({ queue, states, batchId, workerId, text }: TaskQuery) => {
    const wanted = text?.toLowerCase();
    return ({ record }: Entry) =>
      (queue === undefined || record.queue === queue) &&
      (states === undefined || states.includes(record.state)) &&
      (batchId === undefined || record.spec.batchId === batchId) &&
      (workerId === undefined || record.workerId === workerId) &&
      (wanted === undefined || searchable(record.id, record.spec.title, record.failure).includes(wanted));
  };

  return {
    get broken() {
      return self.broken;
    },
    set broken(error) {
      self.broken = error;
    },
    get warns() {
      return self.warns;
    },
    set warns(warns) {
      self.warns = warns;
    },
    get closed() {
      return self.closed;
    },
    records: () => [...entries.values()].map(({ record }) => record),
    async add(tasks) {
      check();
      for (const { id, queue, spec, priority, runAt, maxAttempts } of tasks) {
        if (entries.has(id)) continue;
        const record: TaskRecord = {
          ...{ id, queue, spec, priority, maxAttempts, runAt: null, state: 'waiting', addedAt: clock.now() },
          ...{ startedAt: null, endedAt: null, attempts: 0, workerId: null, progress: 0, progressText: '' },
          ...{ result: null, failure: null },
        };
        const entry: Entry = {
          ...{ record, order, place: order++, steps: [], log: '', token: null, lease: null },
          delay: null,
        };
        entries.set(id, entry);
        step(entry, queueSteps.added(queue, runAt !== null));
        wait(entry, runAt);
      }
    },
    async claim(request, signal = new AbortController().signal) {
      signal.throwIfAborted();
      check();
      const claims: TaskClaim[] = [];
      const fill = () => {
        while (claims.length < request.count) {
          const claim = take(request);
          if (claim === null) return;
          claims.push(claim);
        }
      };
      fill();
      if (claims.length > 0 || request.waitMs === 0) return claims;
      const limit = new AbortController();
      const timer = clock.timer(request.waitMs, () => limit.abort());
      try {
        while (claims.length === 0 && !limit.signal.aborted) {
          await arrivals.wait(AbortSignal.any([signal, limit.signal])).catch(() => undefined);
          signal.throwIfAborted();
          check();
          fill();
        }
      } finally {
        timer.cancel();
      }
      return claims;
    },
    async renew(leases, leaseMs) {
      check();
      return leases.map((proof) => {
        const entry = entries.get(proof.id);
        if (entry?.token !== proof.token) return 'lost';
        if (entry.record.state === 'cancelled') return 'cancelled';
        if (entry.record.state !== 'active') return 'lost';
        lease(entry, leaseMs);
        return 'held';
      });
    },
    async report(reports) {
      check();
      for (const { progress, progressText, log, ...proof } of reports) {
        const entry = held(proof);
        if (entry === null) continue;
        entry.log = addToLog(entry.log, log);
        change(entry, {
          progress: progress ?? entry.record.progress,
          progressText: progressText ?? entry.record.progressText,
        });
      }
    },
    async complete(proof, result, next) {
      check();
      const entry = held(proof);
      if (entry) {
        end(entry, 'completed', { result, progress: 1, failure: null });
        step(entry, queueSteps.completed(entry.record.workerId));
      }
      const kept = entries.get(proof.id);
      const accepted = kept?.record.state === 'completed' && kept.token === proof.token;
      return { accepted, next: next ? take(next) : null };
    },
    async fail(proof, failure, retryAfterMs) {
      check();
      const entry = held(proof);
      if (entry !== null) {
        step(entry, queueSteps.failed(entry.record.workerId, failure));
        return endAttempt(entry, failure, retryAfterMs);
      }
      const kept = entries.get(proof.id);
      const isRepeated =
        kept?.token === proof.token && ['waiting', 'delayed', 'failed'].includes(kept.record.state);
      return isRepeated ? kept.record.state : null;
    },
    async release(proof, delayMs) {
      check();
      const entry = held(proof);
      if (entry === null) return;
      entry.record = { ...entry.record, attempts: entry.record.attempts - 1 };
      entry.token = null;
      step(entry, queueSteps.released(entry.record.workerId ?? ''));
      wait(entry, delayMs === 0 ? null : clock.now() + delayMs);
    },
    cancel: async (ids) =>
      each(ids, (entry) => {
        const { state } = entry.record;
        if (endedTaskStates.has(state)) return false;
        step(entry, queueSteps.cancelled());
        end(entry, 'cancelled');
        return true;
      }),
    retry: async (ids) =>
      each(ids, (entry) => {
        if (!endedTaskStates.has(entry.record.state)) return false;
        const fresh = {
          attempts: 0,
          endedAt: null,
          startedAt: null,
          result: null,
          failure: null,
          progress: 0,
        };
        entry.record = { ...entry.record, ...fresh, workerId: null, progressText: '' };
        entry.token = null;
        entry.place = order++;
        step(entry, queueSteps.retried());
        wait(entry, null);
        return true;
      }),
    move: async (ids, queue: TaskQueueName) =>
      each(ids, (entry) => {
        const { state } = entry.record;
        if ((state !== 'waiting' && state !== 'delayed') || entry.record.queue === queue) return false;
        step(entry, queueSteps.moved(queue));
        change(entry, { queue });
        return true;
      }),
    remove: async (ids) =>
      each(ids, ({ record }) => {
        if (!endedTaskStates.has(record.state)) return false;
        entries.delete(record.id);
        changed.emit([{ id: record.id, state: null }]);
        return true;
      }),
    async prune(before, limit) {
      check();
      const old = [...entries.values()]
        .filter(({ record }) => record.endedAt !== null && record.endedAt < before)
        .sort((one, other) => (one.record.endedAt ?? 0) - (other.record.endedAt ?? 0))
        .slice(0, limit)
        .map(({ record }) => record.id);
      for (const id of old) {
        entries.delete(id);
        changed.emit([{ id, state: null }]);
      }
      return old;
    },
    async get(id) {
      check();
      const entry = entries.get(id);
      return entry ? { task: entry.record, steps: [...entry.steps], log: entry.log } : null;
    },
    async list(query) {
      check();
      const found = [...entries.values()].filter(fits(query)).sort((one, other) => other.order - one.order);
      const offset = query.offset ?? 0;
      return {
        tasks: found.slice(offset, offset + query.limit).map(({ record }) => record),
        total: found.length,
      };
    },
    async stats() {
      check();
      return taskQueueNames.map((queue) => {
        const own = [...entries.values()].map(({ record }) => record).filter((one) => one.queue === queue);
        const counts = Object.fromEntries(
          taskStateSchema.options.map((state) => [state, own.filter((one) => one.state === state).length]),
        ) as Record<TaskState, number>;
        const waiting = own.filter(({ state }) => state === 'waiting').map(({ addedAt }) => addedAt);
        return { queue, counts, oldestAt: waiting.length === 0 ? null : Math.min(...waiting) };
      });
    },
    async note(id, noted) {
      check();
      const entry = entries.get(id);
      if (entry === undefined) throw new PilotlightError('NOT_FOUND');
      entry.steps.push(noted);
      change(entry, {});
    },
    async takeOut(limit) {
      check();
      return [...entries.values()]
        .filter(({ record }) => record.state !== 'active')
        .sort((one, other) => one.place - other.place)
        .slice(0, limit)
        .map(({ record, steps, log }) => ({ task: record, steps: [...steps], log }));
    },
    async putIn(tasks) {
      check();
      for (const { task, steps, log } of tasks) {
        if (entries.has(task.id)) continue;
        const entry: Entry = {
          ...{ record: task, order, place: order++, steps: [...steps], log, token: null },
          ...{ lease: null, delay: null },
        };
        entries.set(task.id, entry);
        if (endedTaskStates.has(task.state)) change(entry, {});
        else wait(entry, task.runAt);
      }
    },
    async forget(ids) {
      check();
      for (const id of ids) {
        const entry = entries.get(id);
        if (entry === undefined || entry.record.state === 'active') continue;
        entry.delay?.cancel();
        entries.delete(id);
        changed.emit([{ id, state: null }]);
      }
    },
    onChange: changed.on,
    onLost: lost.on,
    async warnings() {
      check();
      return self.warns;
    },
    async close() {
      self.closed = true;
      for (const { lease: timer, delay } of entries.values()) {
        timer?.cancel();
        delay?.cancel();
      }
      arrivals.notify();
    },
  };
}
