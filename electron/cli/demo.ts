/** `npm run demo`: what Pilotlight is for, shown in the terminal in half a minute. */
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toWireError } from '../../shared/contract/errors.ts';
import { noPositionals, readArguments } from './command.ts';
import { playDemo } from './demo/story.ts';
import { createNarrator, silentNarrator } from './demo/teller.ts';
import { createTerminal, stackLines } from './terminal.ts';

const terminal = createTerminal({ out: process.stdout, err: process.stderr, env: process.env });
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort(new DOMException('Stopped by the user.', 'AbortError'));
  });
}

// A reader that stops early, such as `head`, ends the demo.
process.stdout.on('error', () => interrupted.abort(new DOMException('The output was closed.', 'AbortError')));

const usage = [
  'Usage: npm run demo [-- --json]',
  '  --json   print only the result, as one JSON object on the last line',
];

async function main(): Promise<number> {
  const { values, positionals } = readArguments(process.argv.slice(2), {});
  if (values.help === true) {
    for (const line of usage) terminal.line(line);
    return 0;
  }
  noPositionals({ positionals });
  const monotonic = () => performance.now();
  const narrator =
    values.json === true ? silentNarrator : createNarrator({ terminal, now: Date.now, monotonic });
  const end = await playDemo({
    // In the source and in the build, this file lies two folders below the root of the repository.
    folder: join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs'),
    query: 'wake a machine that sleeps',
    teller: narrator,
    sleep: (ms) => wait(ms, undefined, { signal: interrupted.signal }),
    monotonic,
    signal: interrupted.signal,
  });
  narrator.end(end);
  if (values.json === true) terminal.line(JSON.stringify(end.result));
  return end.held ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (interrupted.signal.aborted) {
    terminal.note('Stopped.');
    process.exitCode = 130;
  } else {
    const { code, message, next, details } = toWireError(error);
    terminal.note(`${code}: ${message}`);
    terminal.note(`  ${next}`);
    if (code === 'INTERNAL') for (const line of stackLines(error)) terminal.note(line);
    process.exitCode = details?.usage === true ? 2 : 1;
  }
}
