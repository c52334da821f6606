/** `spawn` and `fork` for tests: the processes end with the run, also when it is killed. */
import * as child_process from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type { ChildProcess } from 'node:child_process';

const program = fileURLToPath(new URL('./leash.mjs', import.meta.url));
let input: Writable | null = null;

/** A process that outlives this one for a moment, and ends what is left. */
function leash(): Writable {
  if (input !== null) return input;
  const holder = child_process.spawn(process.execPath, [program], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a group of its own, so that Ctrl+C does not end it together with this one.
    detached: true,
    env: {},
  });
  holder.unref();
  const { stdin } = holder;
  // It keeps nothing alive: a run that is done ends, and the system closes the pipe.
  (stdin as Writable & { unref(): void }).unref();
  stdin.on('error', () => {});
  input = stdin;
  return stdin;
}

function hold<Child extends child_process.ChildProcess>(child: Child): Child {
  const { pid } = child;
  // It did not start: its 'error' event says why.
  if (pid === undefined) return child;
  leash().write(`+${pid}\n`);
  child.once('exit', () => leash().write(`-${pid}\n`));
  return child;
}

export const spawn = ((...args: Parameters<typeof child_process.spawn>) =>
  hold(child_process.spawn(...args))) as typeof child_process.spawn;

export const fork = ((...args: Parameters<typeof child_process.fork>) =>
  hold(child_process.fork(...args))) as typeof child_process.fork;
