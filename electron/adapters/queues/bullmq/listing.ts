/** Reading tasks from Redis. Without a filter a page is read at once; a search reads all candidates in pages. */
import { type TaskQueueName, type TaskState, taskQueueNames } from '../../../../shared/models/tasks.ts';
import type { KeptTask, QueueCounts, TaskPage, TaskQuery } from '../../../core/ports/task-queue.ts';
import { searchable } from '../../../core/tasks/queue-steps.ts';
import { pairs } from './backend.ts';
import { type FoundJob, logOf, recordOf, stepsOf } from './job.ts';
import type { RedisWorld } from './redis-world.ts';

const PAGE = 500;
/** Everything but the result and the steps. */
const shown = [
  ...['name', 'data', 'opts', 'timestamp', 'priority', 'processedOn', 'finishedOn', 'pb', 'ats', 'progress'],
  ...['failedReason', 'pl:failure', 'pl:given', 'pl:token'],
] as const;

type GetRow = [prefix: string, state: TaskState, due: string, fields: string[], log: string[]];
type ViewRow = [prefix: string, id: string, state: TaskState, due: string, values: (string | null)[]];

export function createListing(world: RedisWorld) {
  const { redis, sure } = world;

  async function get(id: string): Promise<KeptTask | null> {
    const row = await sure(() => redis.script<GetRow | null>('get', id));
    if (row === null) return null;
    const [prefix, state, due, fields, rows] = row;
    const job: FoundJob = { id, queue: world.queueOf(prefix), state, due, hash: pairs(fields) };
    return { task: recordOf(job, true), steps: stepsOf(job), log: logOf(rows) };
  }

  async function view(ids: readonly string[]): Promise<FoundJob[]> {
    if (ids.length === 0) return [];
    const rows = await sure(() => redis.script<ViewRow[]>('view', shown.length, ...shown, ...ids));
    return rows.map(([prefix, id, state, due, values]) => ({
      ...{ id, queue: world.queueOf(prefix), state, due },
      hash: Object.fromEntries(shown.map((name, index) => [name, values[index] ?? undefined])),
    }));
  }

  /** Ids with the times of their adding, newest first. */
  async function candidates(
    { queue, states }: TaskQuery,
    most: number,
  ): Promise<{ ids: string[]; total: number }> {
    const queues = queue === undefined ? taskQueueNames : [queue];
    const parts = await Promise.all(
      queues.map((name) => (states === undefined ? newest(name, most) : inStates(name, states))),
    );
    const all = parts.flatMap(({ rows }) => rows).sort(([, one], [, other]) => other - one);
    return { ids: all.map(([id]) => id), total: parts.reduce((sum, part) => sum + part.total, 0) };
  }

  async function newest(queue: TaskQueueName, most: number) {
    const key = `${world.prefixOf(queue)}pl:added`;
    const [total, flat] = await sure(() =>
      Promise.all([
        redis.client.zcard(key),
        redis.client.zrange(key, 0, String(Math.max(0, most - 1)), 'REV', 'WITHSCORES'),
      ]),
    );
    const rows: [string, number][] = [];
    for (let at = 0; at < flat.length; at += 2) rows.push([flat[at] ?? '', Number(flat[at + 1])]);
    return { rows, total };
  }

  async function inStates(queue: TaskQueueName, states: readonly TaskState[]) {
    const ids = (await Promise.all(states.map((state) => idsIn(queue, state)))).flat();
    const rows: [string, number][] = [];
    for (let from = 0; from < ids.length; from += 5000) {
      const part = ids.slice(from, from + 5000);
      const scores = await sure(() => redis.client.zmscore(`${world.prefixOf(queue)}pl:added`, ...part));
      for (const [index, id] of part.entries()) rows.push([id, Number(scores[index] ?? 0)]);
    }
    return { rows, total: rows.length };
  }

  async function idsIn(queue: TaskQueueName, state: TaskState): Promise<string[]> {
    const { client } = redis;
    const prefix = world.prefixOf(queue);
    const set = (name: string) => sure(() => client.zrange(`${prefix}${name}`, 0, '-1'));
    const list = (name: string) => sure(() => client.lrange(`${prefix}${name}`, 0, -1));
    if (state === 'waiting') return [...(await list('wait')), ...(await set('prioritized'))];
    if (state === 'active') return list('active');
    if (state === 'cancelled') return set('pl:cancelled');
    if (state !== 'failed') return set(state);
    const cancelled = new Set(await set('pl:cancelled'));
    return (await set('failed')).filter((id) => !cancelled.has(id));
  }

  async function list(query: TaskQuery): Promise<TaskPage> {
    const { text, batchId, workerId, offset = 0, limit } = query;
    const isFiltered = (text !== undefined && text !== '') || batchId !== undefined || workerId !== undefined;
    const { ids, total } = await candidates(query, isFiltered ? Number.MAX_SAFE_INTEGER : offset + limit);
    if (!isFiltered) {
      const jobs = await view(ids.slice(offset, offset + limit));
      return { tasks: jobs.map((job) => recordOf(job, false)), total };
    }
    const wanted = text?.toLowerCase() ?? '';
    const page: TaskPage = { tasks: [], total: 0 };
    for (let from = 0; from < ids.length; from += PAGE) {
      for (const job of await view(ids.slice(from, from + PAGE))) {
        const task = recordOf(job, false);
        if (batchId !== undefined && task.spec.batchId !== batchId) continue;
        if (workerId !== undefined && task.workerId !== workerId) continue;
        if (!searchable(task.id, task.spec.title, task.failure).includes(wanted)) continue;
        page.total += 1;
        if (page.total > offset && page.tasks.length < limit) page.tasks.push(task);
      }
    }
    return page;
  }

  type CountRow = [number, number, number, number, number, number, string];

  async function stats(): Promise<QueueCounts[]> {
    const rows = await sure(() => redis.script<CountRow[]>('counts'));
    return taskQueueNames.map((queue, index) => {
      const [waiting, delayed, active, completed, failed, cancelled, oldest] = rows[index] as CountRow;
      return {
        ...{ queue, counts: { waiting, delayed, active, completed, failed, cancelled } },
        oldestAt: oldest === '' ? null : Number(oldest),
      };
    });
  }

  async function takeOut(limit: number): Promise<KeptTask[]> {
    const states: TaskState[] = ['waiting', 'delayed', 'completed', 'failed', 'cancelled'];
    const ids: string[] = [];
    for (const queue of taskQueueNames) {
      for (const state of states) {
        if (ids.length < limit) ids.push(...(await idsIn(queue, state)));
      }
    }
    const kept = await Promise.all(ids.slice(0, limit).map(get));
    return kept.filter((one) => one !== null && one.task.state !== 'active') as KeptTask[];
  }

  return { get, view, list, stats, takeOut };
}
