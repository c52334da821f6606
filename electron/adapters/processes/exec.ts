/** The Exec port on node:child_process. */
import { spawn } from 'node:child_process';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Exec } from '../../core/ports/processes.ts';

const MAX_OUTPUT = 64 * 1024;
/** A process that the program left running may keep its output open indefinitely. */
const OUTPUT_AFTER_EXIT_MS = 200;

/** Programs are started directly: no shell reads the arguments. At a deadline, what they started is ended too. */
export function createExec(): Exec {
  return { run };
}

const run: Exec['run'] = (command, { deadlineMs, signal }) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const [program = '', ...args] = command;
    const group = process.platform !== 'win32';
    const child = start(program, args, group);
    let output = '';
    let settled = false;
    let lingering: NodeJS.Timeout | undefined;

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      clearTimeout(lingering);
      signal.removeEventListener('abort', onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      finish();
    };
    const kill = () => {
      try {
        if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // It has already ended.
      }
    };
    const onAbort = () => {
      kill();
      settle(() => reject(signal.reason));
    };
    const deadline = setTimeout(() => {
      kill();
      settle(() =>
        reject(
          new PilotlightError('COMMAND_FAILED', {
            message: `${program} did not finish within ${Math.round(deadlineMs / 1000)} s and was stopped.`,
            details: { output },
          }),
        ),
      );
    }, deadlineMs);
    signal.addEventListener('abort', onAbort, { once: true });

    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        if (output.length < MAX_OUTPUT) output = (output + text).slice(0, MAX_OUTPUT);
      });
    }
    child.on('error', (error) => settle(() => reject(notStarted(program, error))));
    // A process ended by a signal has no exit code; like shells, we report 128 plus the signal number.
    const ended = (code: number | null) => settle(() => resolve({ code: code ?? 128, output }));
    child.on('close', ended);
    child.on('exit', (code) => {
      lingering = setTimeout(() => ended(code), OUTPUT_AFTER_EXIT_MS);
    });
  });

function start(program: string, args: readonly string[], group: boolean) {
  try {
    return spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      detached: group,
    });
  } catch (error) {
    throw notStarted(program, error);
  }
}

function notStarted(program: string, error: unknown): PilotlightError {
  return new PilotlightError('COMMAND_FAILED', {
    message: `${program} could not be started: ${startFailure(error instanceof Error ? error : new Error(String(error)))}.`,
    cause: error,
  });
}

function startFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'the program does not exist';
  if (code === 'EACCES') return 'permission denied';
  return message;
}
