/** The same core in plain Node; the panel is served to the browser. */
import { isPilotlightError } from '../../shared/contract/errors.ts';
import { printable } from '../../shared/printable.ts';
import { createSystemClock } from '../adapters/system.ts';
import { startHost } from '../host/start-host.ts';
import { openBrowser } from './open-browser.ts';
import { errorLines, runHeadless } from './run.ts';
import { waitForStopRequest } from './stop-request.ts';

const printError = (line: string) => process.stderr.write(`${printable(line)}\n`);

function die(error: unknown): never {
  // A next step may have several lines, such as commands.
  for (const line of errorLines(error).flatMap((text) => text.split('\n'))) printError(line);
  process.exit(isPilotlightError(error) && error.code === 'BAD_REQUEST' ? 2 : 1);
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
// A closed output pipe is no reason to stop.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const stopAsked = waitForStopRequest({
  signals: process,
  exit: (code) => process.exit(code),
  print: printError,
});

try {
  await runHeadless(process.argv.slice(2), {
    clock: createSystemClock(),
    startHost,
    openBrowser,
    print: (line) => process.stdout.write(`${printable(line)}\n`),
    stopAsked,
  });
  process.exit(0);
} catch (error) {
  die(error);
}
