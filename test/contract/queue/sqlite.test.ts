import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createSqliteQueue } from '../../../electron/adapters/queues/sqlite/sqlite-queue.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { queueWorkerEntry } from '../../../electron/host/program.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { createLocalQueueHost } from '../../fakes/local-queue.ts';
import { describeTaskQueue } from './suite.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'pilotlight-queue-'));

describeTaskQueue('SQLite, with a clock that is moved', async () => {
  const folder = newFolder();
  const clock = createFakeClock();
  const queue = createSqliteQueue({
    file: join(folder, 'tasks.sqlite'),
    workerHost: createLocalQueueHost(clock),
    clock: createSystemClock(),
    log: silentLog,
  });
  return {
    queue,
    shortMs: 30_000,
    longMs: 600_000,
    pauseMs: 100,
    async until(promise) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      while (!isSettled) await clock.advance(20);
      return promise;
    },
    async close() {
      await queue.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describeTaskQueue('SQLite in its process', async () => {
  const folder = newFolder();
  const queue = createSqliteQueue({
    file: join(folder, 'tasks.sqlite'),
    workerHost: createForkWorkerHost({ entry: queueWorkerEntry }),
    clock: createSystemClock(),
    log: silentLog,
  });
  return {
    queue,
    shortMs: 1200,
    longMs: 60_000,
    pauseMs: 1500,
    until: (promise) => promise,
    async close() {
      await queue.close();
      rmSync(folder, { recursive: true });
    },
  };
});
