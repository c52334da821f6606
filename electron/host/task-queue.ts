import { join } from 'node:path';
import type { WorkerHost } from '../adapters/processes/worker-host.ts';
import { createSqliteQueue } from '../adapters/queues/sqlite/sqlite-queue.ts';
import type { Log } from '../core/ports/log.ts';
import type { OpenTaskQueue } from '../core/ports/task-queue.ts';
import type { Clock } from '../core/ports/time.ts';

/** Opens the engine of the queue that the settings choose. */
export function createOpenTaskQueue({
  dataFolder,
  createHost,
  clock,
  log,
  onDamaged,
}: {
  dataFolder: string;
  /** A new one for each queue. */
  createHost(): WorkerHost;
  clock: Clock;
  log: Log;
  onDamaged(keptAs: string): void;
}): OpenTaskQueue {
  return async (engine) => {
    if (engine.kind === 'bullmq') {
      // Large, and never needed by most people.
      const { openBullmqQueue } = await import('../adapters/queues/bullmq/bullmq-queue.ts');
      return openBullmqQueue({ url: engine.url, clock, log });
    }
    return createSqliteQueue({
      file: join(dataFolder, 'tasks.sqlite'),
      workerHost: createHost(),
      ...{ clock, log, onDamaged },
    });
  };
}
