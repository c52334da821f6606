/** Children of a worker: child processes in plain Node; in a utility process, the main process starts them. */
import type { Log } from '../../core/ports/log.ts';
import { parentPort } from './parent-port.ts';
import { createRequestedWorkerHost } from './requested-host.ts';
import { createForkWorkerHost, type WorkerHost } from './worker-host.ts';

/** @param options.name under which the main process knows the program; see `children` in main/utility-worker-host.ts */
export function createChildHost({ entry, name, log }: { entry: string; name: string; log: Log }): WorkerHost {
  const parent = parentPort();
  return parent === undefined
    ? createForkWorkerHost({ entry, log })
    : createRequestedWorkerHost({ parent, name, log });
}
