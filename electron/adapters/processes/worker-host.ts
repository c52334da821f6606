/** Starts worker processes: child processes in plain Node; Electron provides its own host. */
import { fork } from 'node:child_process';
import { createEmitter } from '../../../shared/emitter.ts';
import type { Log } from '../../core/ports/log.ts';
import { coreWatchArguments } from './core-watch.ts';
import { endGroup, groupStart } from './process-group.ts';

export interface WorkerExit {
  code: number | null;
  signal: string | null;
  /** The end of its standard error output. */
  stderrTail: string;
}

/**
 * A person or the system ended it from outside, perhaps for want of memory: its work is not known to be the reason.
 * Electron reports a signal as a number, shells add 128 to it.
 */
export function wasKilled({ code, signal }: Pick<WorkerExit, 'code' | 'signal'>): boolean {
  return signal === 'SIGKILL' || signal === 'SIGTERM' || (code !== null && killCodes.has(code));
}
const killCodes: ReadonlySet<number> = new Set([9, 15, 137, 143]);

export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Sends a message by structured clone. Does nothing after the process has ended. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, even if the process could not be started. */
  onExit(listener: (exit: WorkerExit) => void): void;
  /** Ends it at once. */
  kill(): void;
}

export interface WorkerHost {
  start(): WorkerProcess;
}

const MAX_STDERR = 4096;

/**
 * A host for one entry file, run by the present Node binary.
 * @param options.entry absolute path of the worker's entry
 * @param options.env added to this process's environment
 */
export function createForkWorkerHost(options: {
  entry: string;
  env?: Record<string, string>;
  nodeFlags?: readonly string[] | undefined;
  /** What it starts is ended with it. */
  withDescendants?: boolean | undefined;
  log?: Pick<Log, 'error'>;
}): WorkerHost {
  const group = options.withDescendants === true ? groupStart() : null;
  return {
    start() {
      const { NODE_OPTIONS: _, ...inherited } = process.env;
      const args = [...coreWatchArguments({ holdsInput: true }), ...(group?.args ?? [])];
      const child = fork(options.entry, args, {
        detached: group?.detached ?? false,
        serialization: 'advanced',
        execArgv: ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? [])],
        // Nothing is written to its input: the system closes it when this process ends, however that happens.
        stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
        env: { ...inherited, ...options.env },
      });
      child.stdin?.on('error', () => {});
      let stderrTail = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderrTail = (stderrTail + text).slice(-MAX_STDERR);
      });

      const exits = createEmitter<[WorkerExit]>({ name: 'worker', log: options.log });
      let ended: WorkerExit | null = null;
      function end(code: number | null, signal: string | null): void {
        if (ended !== null) return;
        ended = { code, signal, stderrTail };
        exits.emit(ended);
      }
      child.once('error', (error) => {
        stderrTail = (stderrTail + String(error)).slice(-MAX_STDERR);
        if (child.pid === undefined) end(null, null);
      });
      const endAlone = () => void child.kill('SIGKILL');
      const endAll = () => {
        if (group === null || child.pid === undefined) endAlone();
        else endGroup(child.pid, endAlone);
      };
      // It ended by itself: what it started may hold its output, or run for hours.
      if (group?.detached) child.once('exit', endAll);
      // `close` follows `exit` once all of its output has been read.
      child.once('close', end);

      return {
        pid: child.pid,
        send(message) {
          // A failed write means that the process is ending; `close` will report it.
          if (child.connected) child.send(message as object, () => {});
        },
        onMessage: (listener) => void child.on('message', listener),
        onExit(listener) {
          if (ended !== null) listener(ended);
          else exits.on(listener);
        },
        kill: endAll,
      };
    },
  };
}
