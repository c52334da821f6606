/** The entry of the gateway's process: a child process of Node, or a utility process of Electron. */
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { serveGateway } = await import('./link.ts');
  const { createSystemClock } = await import('../../adapters/clock.ts');
  const { createGatewayProgram } = await import('./gateway-program.ts');
  const { createProcessLog } = await import('../process-log.ts');
  const log = createProcessLog((line) => process.stderr.write(line));
  serveGateway(fileURLToPath(import.meta.url), () =>
    createGatewayProgram({ clock: createSystemClock(), log }),
  );
} else (await import('../watchdog.ts')).runWatchdog();
