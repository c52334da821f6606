/** Children of a worker: child processes in plain Node; in a utility process, the main process starts them. */
import type { Log } from '../../core/ports/log.ts';
import type { ChildOptions } from './child-messages.ts';
import { parentPort } from './parent-port.ts';
import { createRequestedWorkerHost } from './requested-host.ts';
import { createForkWorkerHost, type WorkerHost } from './worker-host.ts';

export interface ChildHostOptions extends ChildOptions {
  /** Absolute path of its program. */
  entry: string;
  /** Under which the main process knows the program; see `children` in main/utility-worker-host.ts. */
  name: string;
  log?: Log;
}

export function createChildHost({ entry, name, log, ...options }: ChildHostOptions): WorkerHost {
  const parent = parentPort();
  const logged = log === undefined ? {} : { log };
  return parent === undefined
    ? createForkWorkerHost({ entry, ...options, ...logged })
    : createRequestedWorkerHost({ parent, name, options, ...logged });
}
