/** Puts a worker together from its configuration. */

import type { ContentType, TaskQueueName, WorkerType } from '../../../shared/models/tasks.ts';
import { createSystemClock } from '../../adapters/clock.ts';
import { createLocalHardware } from '../../adapters/hardware/local-hardware.ts';
import { createNodeHttp } from '../../adapters/network/http.ts';
import type { TaskWorkerConfig, TaskWorkerStatus } from '../../adapters/tasks/worker-protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import { openScratch } from './files/scratch.ts';
import { readSharedProof } from './files/shared-folder.ts';
import { handledContentTypes } from './handlers/table.ts';
import { createTaskServer } from './link/server.ts';
import { handlerHost } from './processes/handler-host.ts';
import { createHandlerPool } from './processes/pool.ts';
import { createLoadReader } from './processes/usage.ts';
import { startTaskWorker, type TaskWorker } from './worker.ts';

export interface WorkerProgramOptions {
  config: TaskWorkerConfig;
  /** Absolute path of the program that runs handlers. */
  entry: string;
  log: Log;
  contentTypes?: readonly ContentType[];
  onStatus?(status: TaskWorkerStatus): void;
}

/** How long the tools of a GPU may take, milliseconds. */
const GPU_MS = 8000;

export async function openTaskWorker({
  config,
  entry,
  log,
  contentTypes = handledContentTypes,
  onStatus = () => {},
}: WorkerProgramOptions): Promise<TaskWorker> {
  const { server, token, memoryLimitMb, ...own } = config;
  const type = own.type ?? (await detectType());
  const clock = createSystemClock();
  return startTaskWorker({
    config: { ...own, type, queues: own.queues ?? queuesOfType(type) },
    contentTypes,
    server: createTaskServer({ http: createNodeHttp(), base: server, token }),
    pool: createHandlerPool({
      hostWith: (memoryMb) => handlerHost(entry, memoryMb),
      memoryMb: memoryLimitMb,
      slots: own.slots,
      clock,
      log,
    }),
    scratch: openScratch(),
    clock,
    random: Math.random,
    log,
    sharedProof: async () => (own.sharedFolder === null ? null : readSharedProof(own.sharedFolder)),
    load: createLoadReader({ monotonic: clock.monotonic }),
    onStatus,
  });
}

export const queuesOfType = (type: WorkerType): TaskQueueName[] => [type === 'gpu' ? 'gpu-tasks' : 'celery'];

/** A GPU whose tool fails is not known to work: such a worker takes tasks for the CPU, unless it is told otherwise. */
export async function detectType(): Promise<WorkerType> {
  try {
    const gpus = await createLocalHardware().readGpus(AbortSignal.timeout(GPU_MS));
    return gpus.length > 0 ? 'gpu' : 'cpu';
  } catch {
    return 'cpu';
  }
}
