/**
 * The queue in SQLite, kept by a process of its own. A process that ended is started again and gets the unanswered calls
 * again: each of them changes nothing the second time.
 */
import { randomUUID } from 'node:crypto';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { MovableTaskQueue, TaskClaim, TaskQueue } from '../../../core/ports/task-queue.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { createWorkerClient, type MethodPolicy } from '../../processes/worker-client.ts';
import type { WorkerHost } from '../../processes/worker-host.ts';
import type { ParamsOf, ResultOf } from '../../processes/worker-protocol.ts';
import type { QueueContract, QueueMethod } from './protocol.ts';

export interface SqliteQueueOptions {
  /** Absolute path of the database. */
  file: string;
  workerHost: WorkerHost;
  clock: Clock;
  log: Log;
  /** The database was damaged, and is kept there; the queue is empty now. */
  onDamaged?: (keptAs: string) => void;
  /** How large the database may become. Default: limited by the disk. */
  maxBytes?: number;
}

export interface SqliteQueue extends MovableTaskQueue {
  /** The process id of the present worker; null if none is running. */
  workerPid(): number | null;
}

/** A process that does not answer for so long hangs: it is killed, and the next one gets the call. */
const call: MethodPolicy = { deadlineMs: 60_000, lateCode: null, isRepeatable: true };
/** It waits for a task. */
const waiting: MethodPolicy = { ...call, deadlineMs: null };

const methods: Record<QueueMethod, MethodPolicy> = {
  add: call,
  claim: waiting,
  abandon: call,
  renew: call,
  report: call,
  complete: call,
  fail: call,
  release: call,
  cancel: call,
  retry: call,
  move: call,
  remove: call,
  prune: call,
  get: call,
  list: call,
  stats: call,
  note: call,
  takeOut: call,
  putIn: call,
  forget: call,
};

/** How often a call is sent that process after process ended with. */
const ROUNDS = 4;

export function createSqliteQueue(options: SqliteQueueOptions): SqliteQueue {
  const { clock, log } = options;
  const changes = createEmitter<Parameters<Parameters<TaskQueue['onChange']>[0]>>({ name: 'tasks', log });
  const lost = createEmitter<Parameters<Parameters<TaskQueue['onLost']>[0]>>({ name: 'tasks', log });
  const client = createWorkerClient<QueueContract>({
    name: 'queue',
    host: options.workerHost,
    clock,
    log,
    config: { file: options.file, maxBytes: options.maxBytes ?? null },
    methods,
    // Leases end and delayed tasks become due without a call.
    keepRunning: true,
    onEvent(event) {
      if (event.kind === 'changes') changes.emit(event.changes);
      else if (event.kind === 'lost')
        lost.emit({ id: event.id, workerId: event.workerId, state: event.state });
      else {
        log.error('The task queue was damaged.', { keptAs: event.keptAs });
        options.onDamaged?.(event.keptAs);
      }
    },
  });
  client.start();

  async function send<M extends QueueMethod>(
    method: M,
    params: ParamsOf<QueueContract, M>,
  ): Promise<ResultOf<QueueContract, M>> {
    for (let round = 1; ; round += 1) {
      try {
        return await client.call(method, params);
      } catch (error) {
        if (!isPilotlightError(error) || error.code !== 'WORKER_LOST') throw error;
        if (round === ROUNDS) throw new PilotlightError('QUEUE_UNREACHABLE', { cause: error });
      }
    }
  }

  async function claim(
    request: Parameters<TaskQueue['claim']>[0],
    signal?: AbortSignal,
  ): Promise<TaskClaim[]> {
    signal?.throwIfAborted();
    const token = randomUUID();
    const claimed = send('claim', { ...request, token });
    if (signal === undefined) return claimed;
    return new Promise((resolve, reject) => {
      function abort(): void {
        // Its answer may be on its way: what it has got goes back into the queue.
        send('abandon', { token }).catch(() => {});
        reject(signal?.reason);
      }
      signal.addEventListener('abort', abort, { once: true });
      claimed.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
    });
  }

  return {
    async add(tasks) {
      await send('add', tasks);
    },
    claim,
    renew: (leases, leaseMs) => send('renew', { leases, leaseMs }),
    async report(reports) {
      await send('report', reports);
    },
    complete: (proof, result, next) =>
      send('complete', {
        proof,
        result,
        next: next === undefined ? null : { ...next, token: randomUUID() },
      }),
    fail: (proof, failure, retryAfterMs) => send('fail', { proof, failure, retryAfterMs }),
    async release(proof, delayMs) {
      await send('release', { proof, delayMs });
    },
    cancel: (ids) => send('cancel', ids),
    retry: (ids) => send('retry', ids),
    move: (ids, queue) => send('move', { ids, queue }),
    remove: (ids) => send('remove', ids),
    prune: (before, limit) => send('prune', { before, limit }),
    get: (id) => send('get', { id }),
    list: (query) => send('list', query),
    stats: () => send('stats', null),
    async note(id, step) {
      await send('note', { id, step });
    },
    takeOut: (limit) => send('takeOut', { limit }),
    async putIn(tasks) {
      await send('putIn', tasks);
    },
    async forget(ids) {
      await send('forget', ids);
    },
    onChange: (listener) => changes.on(listener),
    onLost: (listener) => lost.on(listener),
    warnings: async () => [],
    close: () => client.stop(),
    workerPid: client.pid,
  };
}
