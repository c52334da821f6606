/** The same core in plain Node; the panel is served to the browser. */
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { createSystemClock } from '../adapters/system.ts';
import { startHost } from '../host/start-host.ts';
import { openBrowser } from './open-browser.ts';
import { errorLines, runHeadless } from './run.ts';

const complain = (line: string) => process.stderr.write(`${line}\n`);

function die(error: unknown): never {
  for (const line of errorLines(error)) complain(line);
  process.exit(isPilotlightError(error) && error.code === 'BAD_REQUEST' ? 2 : 1);
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
// A reader of our output that went away is no reason to stop.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const stopAsked = new Promise<void>((resolve) => {
  let asked = false;
  const ask = (signal: NodeJS.Signals) => {
    if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
    asked = true;
    complain('Pilotlight is stopping; once more stops it at once.');
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
});

try {
  await runHeadless(process.argv.slice(2), {
    clock: createSystemClock(),
    startHost,
    openBrowser,
    say: (line) => process.stdout.write(`${line}\n`),
    stopAsked,
  });
  process.exit(0);
} catch (error) {
  die(error);
}
