/** Reads documents, apart from those that hang, leak or end it, by their names. */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { documentHandler } from '../../electron/workers/tasks/handlers/document.ts';
import type { Handler } from '../../electron/workers/tasks/handlers/handler.ts';
import { watchMemory } from '../../electron/workers/tasks/processes/memory-watch.ts';
import { serveHandlers } from '../../electron/workers/tasks/processes/serve-handlers.ts';
import { runWatchdog } from '../../electron/workers/watchdog.ts';

const handler: Handler = {
  ...documentHandler,
  async handle(input, context) {
    const name = input.kind === 'file' ? input.name : '';
    const kept: Buffer[] = [];
    while (name.startsWith('hang')) {
      // As a parser would that never gets on.
    }
    while (name.startsWith('leak')) kept.push(Buffer.alloc(8 * 1024 * 1024, 1));
    if (name.startsWith('exit')) process.exit(3);
    return documentHandler.handle(input, context);
  },
};

if (!isMainThread) {
  runWatchdog();
  watchMemory();
} else serveHandlers(fileURLToPath(import.meta.url), (type) => (type === 'document' ? handler : null));
