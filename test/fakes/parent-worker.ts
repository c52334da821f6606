/** A worker with children, for tests of how it has them. Its core says what to do; it reports what they answer. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { createChildHost } from '../../electron/adapters/processes/child-host.ts';
import type { WorkerProcess } from '../../electron/adapters/processes/worker-host.ts';
import { serveWorker } from '../../electron/workers/process.ts';
import { createRpcServer } from '../../electron/workers/rpc.ts';
import { runWatchdog } from '../../electron/workers/watchdog.ts';
import { silentLog } from './indexing.ts';

/** Children have the numbers in which they were started. */
export interface ParentContract {
  config: { name: string };
  calls: {
    start: { params: null; result: null };
    send: { params: { child: number; message: unknown }; result: null };
    kill: { params: number; result: null };
    pid: { params: number; result: number | null };
  };
  progress: never;
  event: { child: number; message?: unknown; exit?: unknown };
}

if (!isMainThread) runWatchdog();
else {
  const entry = fileURLToPath(import.meta.url);
  serveWorker<ParentContract>(entry, ({ send }) => {
    const children: WorkerProcess[] = [];
    let name = '';
    const { receive } = createRpcServer<ParentContract>({
      send,
      configure(config) {
        name = config.name;
      },
      handlers: {
        start() {
          const host = createChildHost({
            entry: join(dirname(entry), `${name}.ts`),
            name,
            log: silentLog,
          });
          const child = children.push(host.start()) - 1;
          children[child]?.onMessage((message) => send({ kind: 'event', event: { child, message } }));
          children[child]?.onExit((exit) => send({ kind: 'event', event: { child, exit } }));
          return null;
        },
        send({ child, message }) {
          children[child]?.send(message);
          return null;
        },
        kill(child) {
          children[child]?.kill();
          return null;
        },
        pid: (child) => children[child]?.pid ?? null,
      },
    });
    return { receive, stop: async () => {} };
  });
}
