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

function hold<Child extends child_process.ChildProcess>(child: Child, options: unknown): Child {
  // It did not start: its 'error' event says why.
  if (child.pid === undefined) return child;
  // The whole group: if only its leader were killed, the others would be left running.
  const isGroup =
    typeof options === 'object' && options !== null && 'detached' in options && options.detached === true;
  const target = isGroup ? -child.pid : child.pid;
  leash().write(`+${target}\n`);
  child.once('exit', () => leash().write(`-${target}\n`));
  return child;
}

export const spawn = ((...args: Parameters<typeof child_process.spawn>) =>
  hold(child_process.spawn(...args), args.at(-1))) as typeof child_process.spawn;

export const fork = ((...args: Parameters<typeof child_process.fork>) =>
  hold(child_process.fork(...args), args.at(-1))) as typeof child_process.fork;
