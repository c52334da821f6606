/**
 * The entry of the task worker: a process of the core or of an agent, a program of its own (`pilotlight worker`), and
 * each process that runs handlers. One file, which can be copied to another machine.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { handlerEnvironment } from './processes/protocol.ts';

const entry = fileURLToPath(import.meta.url);
const runsHandlers = process.env[handlerEnvironment.role] === 'handlers';
// A process manager of somebody else may have a channel to it, too.
const isStarted = process.argv.some((argument) => argument.startsWith('--core-pid='));

if (!isMainThread) {
  (await import('../watchdog.ts')).runWatchdog();
  if (runsHandlers) (await import('./processes/memory-watch.ts')).watchMemory();
} else if (runsHandlers) {
  (await import('./processes/serve-handlers.ts')).serveHandlers(entry);
} else if (isStarted) {
  const { createProcessLog } = await import('../process-log.ts');
  const { serveTaskWorker } = await import('./serve-worker.ts');
  serveTaskWorker(
    entry,
    createProcessLog((line) => process.stderr.write(line)),
  );
} else await (await import('./command-line/main.ts')).runCommandLine(entry);
