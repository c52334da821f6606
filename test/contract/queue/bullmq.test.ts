import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBullmqQueue } from '../../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { findRedisServer, type RedisServer, startRedisServer } from '../../fakes/redis-server.ts';
import { aTask } from '../../fakes/tasks.ts';
import { describeTaskQueue } from './suite.ts';

if (findRedisServer() === null) {
  describe('task queue: BullMQ', () => {
    it.skip('needs redis-server or valkey-server on PATH', () => {});
  });
} else {
  describe('on a real server', () => {
    let server: RedisServer;
    let opened = 0;
    beforeAll(async () => {
      server = await startRedisServer();
    });
    afterAll(() => server.close());

    it('answers calls that had been sent when the server was restarted at once', async () => {
      const own = await startRedisServer();
      const queue = await openBullmqQueue({
        ...{ url: own.url, clock: createSystemClock(), log: silentLog, checkMs: 50 },
      });
      try {
        await queue.add([aTask('before')]);
        // Nothing is answered any more.
        await own.command('CLIENT', 'PAUSE', 60_000);
        const stats = queue.stats();
        const claiming = { queues: ['celery'], workerId: 'w', leaseMs: 60_000, count: 1 } as const;
        const claimed = queue
          .claim({ ...claiming, waitMs: 0 })
          .catch((error: { code: string }) => error.code);
        await new Promise(setImmediate);
        await own.kill();
        await own.start();
        expect(await stats).toMatchObject([{}, {}]);
        expect(await claimed).toBe('QUEUE_UNREACHABLE');
        // The stream of events continues, too.
        const waiting = queue.claim({ ...claiming, count: 1, waitMs: 60_000 });
        const changed = new Promise((resolve) => queue.onChange(resolve));
        await queue.add([aTask('after')]);
        expect(await waiting).toHaveLength(1);
        await changed;
      } finally {
        await queue.close();
        await own.close();
      }
    }, 60_000);

    describeTaskQueue('BullMQ', async () => {
      opened += 1;
      const queue = await openBullmqQueue({
        url: server.url,
        clock: createSystemClock(),
        log: silentLog,
        prefix: `suite-${opened}`,
        checkMs: 50,
      });
      return {
        queue,
        shortMs: 1200,
        longMs: 60_000,
        pauseMs: 1500,
        until: (promise) => promise,
        close: queue.close,
      };
    });
  });
}
