import { afterAll, beforeAll, describe, it } from 'vitest';
import { openBullmqQueue } from '../../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { findRedisServer, type RedisServer, startRedisServer } from '../../fakes/redis-server.ts';
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
