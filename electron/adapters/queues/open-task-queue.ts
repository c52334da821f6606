/** Opens the engine that the settings name. */
import { join } from 'node:path';
import type { Log } from '../../core/ports/log.ts';
import type { OpenTaskQueue } from '../../core/ports/task-queue.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { WorkerHost } from '../processes/worker-host.ts';
import { createSqliteQueue } from './sqlite/sqlite-queue.ts';

export interface OpenTaskQueueOptions {
  dataFolder: string;
  workerHost: WorkerHost;
  clock: Clock;
  log: Log;
  /** The embedded queue was damaged, and is kept there. */
  onDamaged?: (keptAs: string) => void;
}

export const queueFileOf = (dataFolder: string): string => join(dataFolder, 'tasks.sqlite');

export function createOpenTaskQueue({ dataFolder, ...options }: OpenTaskQueueOptions): OpenTaskQueue {
  return async (engine) => {
    if (engine.kind === 'sqlite') return createSqliteQueue({ ...options, file: queueFileOf(dataFolder) });
    // Large, and never needed by most people.
    const { openBullmqQueue } = await import('./bullmq/bullmq-queue.ts');
    return openBullmqQueue({ ...options, url: engine.url });
  };
}
