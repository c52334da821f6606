import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBullmqQueue } from '../../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import type { MovableTaskQueue } from '../../../electron/core/ports/task-queue.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { findRedisServer, type RedisServer, startRedisServer } from '../../fakes/redis-server.ts';
import { aResult, aSpec, aTask } from '../../fakes/tasks.ts';

const request = { queues: ['celery'], workerId: 'worker-a', count: 1, leaseMs: 60_000, waitMs: 0 } as const;

describe.skipIf(findRedisServer() === null)('a queue whose Redis is in trouble', () => {
  let server: RedisServer;
  let queue: MovableTaskQueue;
  const open = (url = server.url) =>
    openBullmqQueue({ url, clock: createSystemClock(), log: silentLog, checkMs: 50 });

  beforeEach(async () => {
    server = await startRedisServer();
    queue = await open();
  });
  afterEach(async () => {
    await queue.close();
    await server.close();
  });

  it('says that nothing is there, and which address is wrong', async () => {
    await expect(open('redis://127.0.0.1:1')).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  });

  it('refuses calls while the server is gone, and has everything when it is back', async () => {
    await queue.add([aTask('before'), aTask('second')]);
    const [claimed] = await queue.claim({ ...request });
    expect(claimed?.task.id).toBe('before');
    const waits = queue.claim({ ...request, queues: ['gpu-tasks'], waitMs: 60_000 }).catch(() => null);
    await server.kill();
    await expect(queue.add([aTask('meanwhile')])).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    await expect(queue.stats()).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    await expect(queue.claim({ ...request })).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    await server.start();

    await settled(() => queue.add([aTask('after', { queue: 'gpu-tasks' })]));
    const waited = await waits;
    const got = waited ?? (await queue.claim({ ...request, queues: ['gpu-tasks'] }));
    expect(got[0]?.task.id).toBe('after');
    const proof = { id: 'before', token: claimed?.token ?? '' };
    expect(await queue.renew([proof], 60_000)).toEqual(['held']);
    expect((await queue.complete(proof, aResult())).accepted).toBe(true);
    expect((await queue.list({ limit: 10 })).tasks.map(({ id, state }) => `${id} ${state}`).sort()).toEqual([
      'after active',
      'before completed',
      'second waiting',
    ]);
  });

  it('takes no lease away that ended while the server was gone', async () => {
    await queue.add([aTask('long', { maxAttempts: 5 })]);
    const [claimed] = await queue.claim({ ...request, leaseMs: 300 });
    const proof = { id: 'long', token: claimed?.token ?? '' };
    const lost: unknown[] = [];
    queue.onLost((one) => lost.push(one));
    await server.kill();
    await server.start();
    // Its lock is gone, as after a longer break.
    await server.command('DEL', 'bull:celery:long:lock');
    expect(await settled(() => queue.renew([proof], 60_000))).toEqual(['held']);
    expect((await queue.complete(proof, aResult())).accepted).toBe(true);
    expect(lost).toEqual([]);
    expect((await queue.get('long'))?.task.attempts).toBe(1);
  });

  it('changes nothing where the memory is full', async () => {
    await queue.add([aTask('before')]);
    const [claimed] = await queue.claim({ ...request });
    await server.command('CONFIG', 'SET', 'maxmemory', 1);
    await expect(queue.add([aTask('more'), aTask('and-more')])).rejects.toMatchObject({
      code: 'TASK_QUEUE_FULL',
    });
    // What was worked on may still end.
    const proof = { id: 'before', token: claimed?.token ?? '' };
    expect((await queue.complete(proof, aResult())).accepted).toBe(true);
    await server.command('CONFIG', 'SET', 'maxmemory', 0);
    expect((await queue.list({ limit: 10 })).tasks.map(({ id }) => id)).toEqual(['before']);
    await queue.add([aTask('more')]);
    expect((await queue.get('more'))?.task.state).toBe('waiting');
  });

  it('says when keys of another program are in the way', async () => {
    await queue.close();
    await server.command('FLUSHALL');
    await server.command('SET', 'bull:celery:prioritized', 'mine');
    await expect(open()).rejects.toMatchObject({ code: 'QUEUE_FOREIGN' });
    await server.command('DEL', 'bull:celery:prioritized');
    queue = await open();
    await server.command('SET', 'bull:gpu-tasks:prioritized', 'mine');
    const added = queue.add([aTask('gpu', { queue: 'gpu-tasks' })]);
    await expect(added).rejects.toMatchObject({ code: 'QUEUE_FOREIGN' });
  });

  it('takes no id that is a key of BullMQ', async () => {
    for (const id of ['active', 'events', 'meta', '12345', 'a:b', '']) {
      await expect(queue.add([aTask(id)])).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      expect(await queue.get(id)).toBeNull();
      expect(await queue.cancel([id])).toBe(0);
    }
    await server.command('SET', 'bull:celery:theirs', 'mine');
    await expect(queue.add([aTask('ours'), aTask('theirs')])).rejects.toMatchObject({
      code: 'QUEUE_FOREIGN',
    });
    expect(await queue.get('ours')).toBeNull();
  });

  it('refuses a server that is older than 6.2', async () => {
    const answered: string[] = [];
    const old = createServer((socket) => {
      socket.on('data', (data) => {
        // Each command is an array whose first element is its name.
        for (const [, name = ''] of data.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
          answered.push(name.toLowerCase());
          const info = 'redis_version:6.0.16\r\n';
          socket.write(name.toLowerCase() === 'info' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
        }
      });
      socket.on('error', () => {});
    });
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    try {
      const { port } = old.address() as AddressInfo;
      await expect(open(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
        code: 'QUEUE_OLD_SERVER',
        details: { version: '6.0.16' },
      });
      expect(answered).toContain('info');
    } finally {
      old.close();
    }
  });

  it('warns of a server that forgets', async () => {
    expect(await queue.warnings()).toEqual([]);
    await server.command('CONFIG', 'SET', 'appendonly', 'no');
    await server.command('CONFIG', 'SET', 'maxmemory', 100_000_000);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await queue.warnings()).toEqual(['no-append-only-file', 'evicts-keys']);
  });

  it('ends jobs of other programs that are no tasks, and goes on', async () => {
    await server.command(
      ...['HSET', 'bull:celery:stranger', 'name', 'mail', 'data', '{"to":"me"}', 'opts', '{"attempts":2}'],
      ...['timestamp', Date.now(), 'delay', 0, 'priority', 0],
    );
    await server.command('LPUSH', 'bull:celery:wait', 'stranger');
    await queue.add([aTask('ours', { spec: aSpec() })]);
    expect((await queue.claim({ ...request }))[0]?.task.id).toBe('ours');
    expect((await queue.get('stranger'))?.task).toMatchObject({
      state: 'failed',
      failure: { code: 'BAD_REQUEST' },
    });
  });

  it('counts an attempt that the check of another program found', async () => {
    await queue.add([aTask('task-1', { maxAttempts: 1 })]);
    await queue.claim({ ...request, leaseMs: 60_000 });
    const lost = new Promise((resolve) => queue.onLost(resolve));
    // As BullMQ's check does it: out of `active`, into its list, and an event.
    await server.command('DEL', 'bull:celery:task-1:lock');
    await server.command('LREM', 'bull:celery:active', 1, 'task-1');
    await server.command('RPUSH', 'bull:celery:wait', 'task-1');
    await server.command('XADD', 'bull:celery:events', '*', 'event', 'stalled', 'jobId', 'task-1');
    expect(await lost).toEqual({ id: 'task-1', workerId: 'worker-a', state: 'failed' });
    expect(await queue.claim({ ...request })).toEqual([]);
  });
});

/** Until the connection is there again. */
async function settled<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: string }).code !== 'QUEUE_UNREACHABLE') throw error;
    }
  }
}
