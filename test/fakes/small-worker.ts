/** The smallest worker on the RPC that all workers share, for tests of its processes. */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { serveWorker } from '../../electron/workers/process.ts';
import { createRpcServer } from '../../electron/workers/rpc.ts';
import { runWatchdog } from '../../electron/workers/watchdog.ts';
import type { SmallContract } from './small-contract.ts';

if (!isMainThread) runWatchdog();
else
  serveWorker<SmallContract>(fileURLToPath(import.meta.url), ({ send, kill }) => {
    let greeting = '';
    const { receive, abortCalls } = createRpcServer<SmallContract>({
      send,
      configure(config) {
        greeting = config.greeting;
        send({ kind: 'event', event: process.pid });
      },
      handlers: {
        greet: (name) => `${greeting}, ${name}${process.env.SMALL_SUFFIX ?? ''}`,
        forever: (_params, { signal, report }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              send({ kind: 'event', event: 'aborted' });
              reject(signal.reason);
            });
            report('begun');
          }),
        crash: () => process.abort(),
        kill: () => {
          kill();
          return null;
        },
      },
    });
    return { receive, stop: () => abortCalls(() => true) };
  });
