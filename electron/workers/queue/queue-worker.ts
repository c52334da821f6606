/** The entry of the queue's process: a child process of Node, or a utility process of Electron. */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { QueueContract } from '../../adapters/queues/sqlite/protocol.ts';

if (isMainThread) {
  const { createSystemClock } = await import('../../adapters/clock.ts');
  const { serveWorker } = await import('../process.ts');
  const { createQueueServer } = await import('./server.ts');
  serveWorker<QueueContract>(fileURLToPath(import.meta.url), (life) =>
    createQueueServer(life, createSystemClock()),
  );
} else (await import('../watchdog.ts')).runWatchdog();
