import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { openBullmqQueue } from '../../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSqliteQueue } from '../../../electron/adapters/queues/sqlite/sqlite-queue.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import type { MovableTaskQueue, TaskClaim } from '../../../electron/core/ports/task-queue.ts';
import { moveTasks } from '../../../electron/core/tasks/move-tasks.ts';
import { createMovingQueue } from '../../../electron/core/tasks/moving-queue.ts';
import { queueWorkerEntry } from '../../../electron/host/program.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { findRedisServer, type RedisServer, startRedisServer } from '../../fakes/redis-server.ts';
import { aResult, aTask } from '../../fakes/tasks.ts';

const request = {
  queues: ['gpu-tasks', 'celery'],
  workerId: 'worker-a',
  count: 1,
  leaseMs: 60_000,
  waitMs: 0,
} as const;
const proofOf = ({ task, token }: TaskClaim) => ({ id: task.id, token });

describe.skipIf(findRedisServer() === null)('moving to another engine', () => {
  let folder: string;
  let server: RedisServer;
  let sqlite: MovableTaskQueue;
  let redis: MovableTaskQueue;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-move-'));
    server = await startRedisServer();
    const clock = createSystemClock();
    sqlite = createSqliteQueue({
      file: join(folder, 'tasks.sqlite'),
      workerHost: createForkWorkerHost({ entry: queueWorkerEntry }),
      clock,
      log: silentLog,
    });
    redis = await openBullmqQueue({ url: server.url, clock, log: silentLog, checkMs: 50 });
  });
  afterEach(async () => {
    await Promise.all([sqlite.close(), redis.close()]);
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['SQLite to Redis', () => [sqlite, redis] as const],
    ['Redis to SQLite', () => [redis, sqlite] as const],
  ])('keeps every task, from %s', async (_name, engines) => {
    const [from, to] = engines();
    await from.add(
      Array.from({ length: 130 }, (_, number) => aTask(`plain-${number}`, { priority: number % 3 })),
    );
    await from.add([
      aTask('busy', { priority: 9 }),
      aTask('done', { priority: 8 }),
      aTask('broken', { priority: 7 }),
    ]);
    const [busy, done, broken] = await from.claim({ ...request, count: 3 });
    if (busy === undefined || done === undefined || broken === undefined)
      throw new Error('Something is missing.');
    await from.complete(proofOf(done), aResult('kept'));
    await from.fail(proofOf(broken), { code: 'X', message: 'broken' }, null);
    const before = new Map<string, unknown>();
    for (const { id } of (await from.list({ limit: 1000 })).tasks) before.set(id, await from.get(id));

    const moving = createMovingQueue(from, to);
    const waits = new Promise<void>((resolve) => {
      void moveTasks(from, to, AbortSignal.timeout(50_000), ({ left }) => {
        if (left === 1) resolve();
      }).then((moved) => ended(moved));
    });
    let ended: (moved: number) => void = () => {};
    const moved = new Promise<number>((resolve) => {
      ended = resolve;
    });
    await waits;
    // While one is still active in the old engine, everything else works.
    expect((await moving.list({ limit: 1000 })).total).toBe(133);
    expect(await moving.renew([proofOf(busy)], 60_000)).toEqual(['held']);
    const [first] = await moving.claim(request);
    expect(first?.task).toMatchObject({ priority: 2, attempts: 1 });
    expect((await moving.complete(proofOf(busy), aResult())).accepted).toBe(true);
    expect(await moved).toBe(133);

    expect((await from.list({ limit: 10 })).total).toBe(0);
    const after = await to.list({ limit: 1000 });
    expect(after.total).toBe(133);
    for (const [id, kept] of before) {
      if (id === 'busy' || id === first?.task.id) continue;
      expect(await to.get(id)).toEqual(kept);
    }
    expect((await to.get('busy'))?.task).toMatchObject({ state: 'completed', attempts: 1 });
    const rest = await to.claim({ ...request, count: 200 });
    expect(rest).toHaveLength(129);
    const priorities = rest.map(({ task }) => task.priority);
    expect(priorities).toEqual([...priorities].sort((one, other) => other - one));
    const numbers = rest
      .filter(({ task }) => task.priority === 0)
      .map(({ task }) => Number(task.id.slice(6)));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  });

  it('goes on where it was interrupted, and moves nothing twice', async () => {
    await sqlite.add(Array.from({ length: 120 }, (_, number) => aTask(`task-${number}`)));
    // It was ended after it had put a page in, before it could delete it.
    await redis.putIn(await sqlite.takeOut(50));
    const [claimed] = await redis.claim(request);
    if (claimed === undefined) throw new Error('There was nothing to claim.');
    await redis.complete(proofOf(claimed), aResult());
    const controller = new AbortController();
    const stopped = moveTasks(sqlite, { ...redis, putIn: stopAfter(1) }, controller.signal);
    await expect(stopped).rejects.toThrow('Interrupted.');
    expect(await moveTasks(sqlite, redis, AbortSignal.timeout(50_000))).toBeGreaterThan(0);
    expect((await redis.list({ limit: 1000 })).total).toBe(120);
    expect((await redis.get(claimed.task.id))?.task.state).toBe('completed');
    expect((await sqlite.list({ limit: 1 })).total).toBe(0);

    function stopAfter(pages: number): MovableTaskQueue['putIn'] {
      let left = pages;
      return async (tasks) => {
        if (left === 0) throw new Error('Interrupted.');
        left -= 1;
        await redis.putIn(tasks);
      };
    }
  });
});
