/** A process without a group of its own, as the desktop app's handlers are: starts a program, and reads it for ever. */
import { runProgram } from '../../electron/workers/media/program.ts';

const [program = '', ...args] = process.argv.slice(2);
const clock = {
  timer(ms: number, fn: () => void) {
    const timeout = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(timeout) };
  },
};
await runProgram({
  ...{ program, args, folder: process.cwd(), clock, silenceMs: 600_000, mostBytes: null },
  signal: new AbortController().signal,
});
