/**
 * The queue on Redis or Valkey, in BullMQ's layout: workers in other languages may take its tasks. The names of the
 * queues are `gpu-tasks` and `celery`, the prefix is BullMQ's own.
 */

import { QueueKeys } from 'bullmq';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import { type TaskState, taskQueueNames } from '../../../../shared/models/tasks.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { KeptTask, MovableTaskQueue, TaskChange } from '../../../core/ports/task-queue.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { queueSteps } from '../../../core/tasks/queue-steps.ts';
import { createAttempts, type LostTask } from './attempts.ts';
import { openBackend } from './backend.ts';
import { connectRedis } from './connection.ts';
import { followEvents, type QueueStreamEvent } from './events.ts';
import { hashOf, stepField } from './job.ts';
import { createListing } from './listing.ts';
import { createRedisWorld, keyPrefix } from './redis-world.ts';
import { createUpkeep } from './upkeep.ts';
import { createWaiters } from './waiters.ts';

export interface BullmqQueueOptions {
  url: string;
  clock: Clock;
  log: Log;
  /** Before the names of all keys. Default: BullMQ's own, so that other programs find the queues. */
  prefix?: string;
  /** How often leases that ended are looked for, milliseconds. Default 2 s. */
  checkMs?: number;
}

/** Of each millisecond, so that equal times keep their order. */
const PER_MS = 4096;
/** BullMQ's arguments of a script, at most. */
const FIELDS_AT_ONCE = 5000;

/** Rejects with QUEUE_UNREACHABLE, QUEUE_OLD_SERVER or QUEUE_FOREIGN. */
export async function openBullmqQueue(options: BullmqQueueOptions): Promise<MovableTaskQueue> {
  const { url, clock, log, prefix = 'bull', checkMs = 2000 } = options;
  const [first, second] = taskQueueNames.map((queue) => keyPrefix(prefix, queue)) as [string, string];
  const redis = await connectRedis(url, [first, second], log);
  const backends = new Map(taskQueueNames.map((queue) => [queue, openBackend(redis.client, queue, prefix)]));
  for (const backend of backends.values()) backend.on('error', () => {});
  const world = createRedisWorld({
    ...{ redis, clock, log, prefix },
    backendOf: (queue) => backends.get(queue) as ReturnType<typeof openBackend>,
  });
  const { sure } = world;
  const changes = createEmitter<[readonly TaskChange[]]>({ name: 'tasks', log });
  const lost = createEmitter<[LostTask]>({ name: 'tasks', log });
  const attempts = createAttempts(world, (one) => lost.emit(one));
  const listing = createListing(world);
  const waiters = createWaiters({
    clock,
    take: attempts.take,
    giveBack(claims) {
      for (const { task, token } of claims) attempts.release({ id: task.id, token }, 0).catch(() => {});
    },
  });
  const stopping = new AbortController();
  const upkeep = createUpkeep({ world, attempts, checkMs, signal: stopping.signal, onReady: waiters.serve });
  const stream = redis.duplicate();
  stream.on('error', () => {});
  let lastOrder = 0;
  let told = Promise.resolve();

  try {
    // Keys of another type under these names are another program's.
    await sure(() => redis.script('adopt'));
    await sure(() => redis.script('counts'));
    await followEvents({
      ...{ client: stream, prefixes: [first, second], signal: stopping.signal, log },
      sleep: clock.sleep,
      onEvents(events) {
        told = told
          .then(() => tell(events))
          .catch((error) => {
            log.debug('Changes of the task queue could not be reported.', { error: String(error) });
          });
      },
    });
  } catch (error) {
    stopping.abort();
    stream.disconnect();
    redis.close();
    throw error;
  }
  upkeep.start();

  async function tell(events: readonly QueueStreamEvent[]): Promise<void> {
    const states = new Map<string, TaskState | null>();
    const unknown: string[] = [];
    for (const { event, jobId, prev, delay, name } of events) {
      const state = stateAfter(event, prev);
      if (state !== undefined) {
        states.delete(jobId);
        states.set(jobId, state);
      } else if (event === 'progress') unknown.push(jobId);
      else if (event === 'stalled') await attempts.onStalled(jobId);
      // Another program has added it.
      else if (event === 'added' && name !== 'task') await redis.script('adopt');
      if (event === 'waiting') waiters.serve();
      if (event === 'delayed' && delay !== undefined) waiters.dueAt(Number(delay));
    }
    const looked = await listing.view(unknown.filter((id) => !states.has(id)));
    for (const { id, state } of looked) states.set(id, state);
    if (states.size > 0) changes.emit([...states].map(([id, state]) => ({ id, state })));
  }

  function orderOf(addedAt: number): number {
    const least = addedAt * PER_MS;
    lastOrder = lastOrder >= least && lastOrder < least + PER_MS - 1 ? lastOrder + 1 : Math.max(least, 0);
    return lastOrder;
  }

  async function putIn(tasks: readonly KeptTask[]): Promise<void> {
    for (const { task } of tasks) if (!isUsableId(task.id)) throw new PilotlightError('BAD_REQUEST');
    const values = tasks.flatMap(({ task, steps }) => {
      const due = task.state === 'delayed' ? task.runAt : task.endedAt;
      const fields = Object.entries(hashOf({ task, steps })).flat();
      const place = [task.id, task.state, due ?? 0, orderOf(task.addedAt), fields.length];
      return [world.prefixOf(task.queue), ...place, ...fields];
    });
    if (values.length === 0) return;
    await sure(() => redis.script('put', clock.now(), ...values));
    for (const { task, log: text } of tasks) {
      if (text === '') continue;
      const key = `${world.prefixOf(task.queue)}${task.id}:logs`;
      if ((await sure(() => redis.client.exists(key))) === 0)
        await sure(() => redis.log(key, text, Number.MAX_SAFE_INTEGER));
    }
  }

  async function each(ids: readonly string[], act: (id: string) => Promise<number>): Promise<number> {
    const counts = await Promise.all([...new Set(ids)].map((id) => sure(() => act(id))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async function erase(ids: readonly string[], onlyEnded: boolean): Promise<number> {
    let count = 0;
    for (let from = 0; from < ids.length; from += FIELDS_AT_ONCE) {
      const part = ids.slice(from, from + FIELDS_AT_ONCE);
      count += await sure(() => redis.script<number>('erase', onlyEnded ? 1 : 0, ...part));
    }
    return count;
  }

  return {
    async add(tasks) {
      const addedAt = clock.now();
      const unused = {
        startedAt: null,
        endedAt: null,
        attempts: 0,
        workerId: null,
        result: null,
        failure: null,
      };
      await putIn(
        tasks.map((task) => {
          const isLater = task.runAt !== null && task.runAt > addedAt;
          const state = isLater ? ('delayed' as const) : ('waiting' as const);
          const runAt = isLater ? task.runAt : null;
          const record = { ...task, ...unused, state, runAt, addedAt, progress: 0, progressText: '' };
          return { task: record, steps: [], log: '' };
        }),
      );
    },
    async claim(request, signal) {
      signal?.throwIfAborted();
      if (request.waitMs > 0) return waiters.wait(request, signal);
      const { claims } = await attempts.take(request);
      if (signal?.aborted) {
        for (const { task, token } of claims) await attempts.release({ id: task.id, token }, 0);
        throw signal.reason;
      }
      return claims;
    },
    renew: attempts.renew,
    report: attempts.report,
    complete: attempts.complete,
    fail: attempts.fail,
    release: attempts.release,
    cancel: (ids) =>
      each(ids, (id) => {
        const now = clock.now();
        const step = stepField({ ...queueSteps.cancelled(), at: now });
        const { message } = new PilotlightError('CANCELLED');
        return redis.script<number>('cancel', id, now, message, ...step);
      }),
    retry: (ids) => each(ids, retry),
    move: (ids, queue) =>
      each(ids, (id) => {
        const step = stepField({ ...queueSteps.moved(queue), at: clock.now() });
        return redis.script<number>('move', id, world.prefixOf(queue), clock.now(), ...step);
      }),
    remove: (ids) => erase([...new Set(ids)], true),
    prune: (before, limit) => sure(() => redis.script<string[]>('prune', before, limit)),
    get: listing.get,
    list: listing.list,
    stats: listing.stats,
    async note(id, step) {
      const isThere = await sure(() => redis.script<number>('note', id, ...stepField(step)));
      if (isThere === 0) throw new PilotlightError('NOT_FOUND');
    },
    takeOut: listing.takeOut,
    putIn,
    async forget(ids) {
      await erase(ids, false);
    },
    onChange: (listener) => changes.on(listener),
    onLost: (listener) => lost.on(listener),
    warnings: () => sure(redis.warnings),
    async close() {
      stopping.abort();
      waiters.endAll();
      stream.disconnect();
      await upkeep.stopped();
      redis.close();
    },
  };

  /** The steps that follow from the hash alone are written down, because the hash starts again. */
  async function retry(id: string): Promise<number> {
    const kept = await listing.get(id);
    if (kept === null) return 0;
    const steps = [...kept.steps, { ...queueSteps.retried(), at: clock.now() }].flatMap(stepField);
    return redis.script<number>('retry', id, ...steps);
  }
}

/** BullMQ gives numbers itself, and has keys of its own beside those of the jobs. */
const ownKeys = new Set(Object.keys(new QueueKeys().getKeys('any')));
const isUsableId = (id: string): boolean => !ownKeys.has(id) && !id.includes(':') && !/^\d*$/.test(id);

/** undefined for an event that does not say it. */
function stateAfter(event: string, previous: string | undefined): TaskState | null | undefined {
  if (event === 'waiting' || event === 'delayed' || event === 'active' || event === 'completed') return event;
  if (event === 'failed') return previous === 'cancelled' ? 'cancelled' : 'failed';
  return event === 'removed' ? null : undefined;
}
