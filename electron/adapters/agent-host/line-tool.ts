/** A long-running program that prints lines: restarted when it ends, killed when it hangs. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from './types.ts';

export interface LineTool {
  /** Why it gives no data; null while it works, and if it is not installed. */
  problem(): string | null;
  /** Whether it is installed; null until known. */
  present(): boolean | null;
  /** The exit code of the last run; null if it has not ended on its own. */
  exitCode(): number | null;
  /** Resolves after the first valid line, or when it is known why there is none. */
  readonly settled: Promise<void>;
  close(): void;
}

export interface LineToolOptions {
  clock: Clock;
  command: readonly [program: string, ...args: string[]];
  /** Returns whether the line was valid; then the tool works. */
  onLine(line: string): boolean;
  /** Called after `problem` changed, or when it turned out to be missing. */
  onChange?(): void;
  /** Milliseconds without a line after which it counts as hanging; null for a tool that may have nothing to print. */
  silentMs: number | null;
  /** Ends it by closing its input, if it reads that. */
  input?: boolean;
}

const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 5 * 60_000;
const MAX_LINE = 64 * 1024;

export function openLineTool(options: LineToolOptions): LineTool {
  const { clock, command, onLine, silentMs, input, onChange = () => {} } = options;
  const [program, ...args] = command;
  let closed = false;
  let problem: string | null = null;
  let present: boolean | null = null;
  let retryMs = FIRST_RETRY_MS;
  let retry: Timer | null = null;
  let watch: Timer | null = null;
  let kill: () => void = () => {};
  let exitCode: number | null = null;
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();

  function setProblem(next: string | null): void {
    settle();
    if (problem === next) return;
    problem = next;
    onChange();
  }

  function start(): void {
    const child = spawn(program, args, {
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let last = '';
    let hung = false;
    kill = () => child.kill('SIGKILL');

    const guard = () => {
      watch?.cancel();
      if (silentMs === null) return;
      watch = clock.timer(silentMs, () => {
        hung = true;
        // A tool that hangs in the driver may not even be killable, so this is reported at once.
        setProblem(`${program} hangs and was stopped.`);
        kill();
      });
    };
    guard();

    const remember = (line: string) => {
      if (line.trim() !== '') last = line.trim().slice(0, 200);
    };
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) return;
    createInterface({ input: stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      if (closed) return;
      guard();
      present = true;
      remember(line);
      if (line.length > MAX_LINE || !onLine(line)) return;
      retryMs = FIRST_RETRY_MS;
      setProblem(null);
    });
    createInterface({ input: stderr }).on('line', remember);

    let over = false;
    const end = (reason: string | null) => {
      if (over) return;
      over = true;
      watch?.cancel();
      if (closed) return;
      retry = clock.timer(retryMs, start);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
      setProblem(reason);
    };
    child.once('spawn', () => {
      present = true;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      present = !missing;
      if (missing) retryMs = LONGEST_RETRY_MS;
      if (missing) onChange();
      exitCode = null;
      end(missing ? null : `${program}: ${error.message}`);
    });
    child.once('close', (code, signal) => {
      exitCode = code;
      const detail = last === '' ? '' : `: ${last}`;
      end(
        hung
          ? `${program} hangs and was stopped.`
          : `${program} ended with ${signal ?? `code ${code}`}${detail}`,
      );
    });
  }
  start();

  return {
    problem: () => problem,
    present: () => present,
    exitCode: () => exitCode,
    settled,
    close() {
      closed = true;
      settle();
      retry?.cancel();
      watch?.cancel();
      kill();
    },
  };
}
