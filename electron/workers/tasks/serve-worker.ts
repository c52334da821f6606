/** The worker as a process of the core or of an agent, which configures and stops it. */
import type { TaskWorkerContract } from '../../adapters/tasks/worker-protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import { serveWorker } from '../process.ts';
import { createRpcServer } from '../rpc.ts';
import { openTaskWorker } from './open-worker.ts';
import type { TaskWorker } from './worker.ts';

/** @param entry absolute path of the calling program; its watchdog and its handlers run it too */
export function serveTaskWorker(entry: string, log: Log): void {
  serveWorker<TaskWorkerContract>(entry, ({ send, kill }) => {
    let opening: Promise<TaskWorker> | null = null;
    const server = createRpcServer<TaskWorkerContract>({
      send,
      configure(config) {
        opening = openTaskWorker({
          config,
          entry,
          log,
          onStatus: (status) => send({ kind: 'event', event: { kind: 'status', status } }),
        });
        opening.catch((error: unknown) => {
          log.error('The worker could not be started.', { error: String(error) });
          kill();
        });
      },
      handlers: {
        async drain({ withinMs }) {
          const worker = await opening;
          await worker?.drain(withinMs);
          return null;
        },
      },
    });
    return {
      receive: server.receive,
      async stop({ inOrder }) {
        // The core is gone, and another program may have its port: that one must not be sent a key.
        if (!inOrder) kill();
        const worker = await opening?.catch(() => null);
        await worker?.stop();
      },
    };
  });
}
