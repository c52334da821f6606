/** The task worker as a process of its own; its handlers say when they started, on the clock of the whole computer. */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { TaskWorkerConfig, TaskWorkerStatus } from '../../../electron/adapters/tasks/worker-protocol.ts';
import type { Handler } from '../../../electron/workers/tasks/handlers/handler.ts';
import { handlerEnvironment } from '../../../electron/workers/tasks/processes/protocol.ts';
import { silentLog } from '../../fakes/indexing.ts';

export type ToLatencyWorker = { config: TaskWorkerConfig };
export type FromLatencyWorker = { state: TaskWorkerStatus['state'] };

const entry = fileURLToPath(import.meta.url);

const handler: Handler = {
  contentTypes: ['document'],
  components: [],
  async handle() {
    return { content: 'done', metadata: { startedNs: String(process.hrtime.bigint()) } };
  },
};

if (!isMainThread) {
  (await import('../../../electron/workers/watchdog.ts')).runWatchdog();
} else if (process.env[handlerEnvironment.role] === 'handlers') {
  const { serveHandlers } = await import('../../../electron/workers/tasks/processes/serve-handlers.ts');
  serveHandlers(entry, () => handler);
} else if (process.send !== undefined) {
  const { openTaskWorker } = await import('../../../electron/workers/tasks/open-worker.ts');
  process.once('message', async ({ config }: ToLatencyWorker) => {
    await openTaskWorker({
      ...{ config, entry, log: silentLog },
      onStatus: ({ state }) => void process.send?.({ state } satisfies FromLatencyWorker),
    });
  });
  process.once('disconnect', () => process.exit(0));
}
