import { execFile } from 'node:child_process';

export interface ExecOptions {
  /** The process is killed after this many milliseconds, and the call rejects. */
  deadlineMs: number;
  signal: AbortSignal;
}

/** Runs a program without a shell. Rejects with the system's error: ENOENT, a non-zero exit, the deadline. */
export type Exec = (file: string, args: readonly string[], options: ExecOptions) => Promise<string>;

const MAX_OUTPUT_BYTES = 1024 * 1024;

export const execProgram: Exec = (file, args, { deadlineMs, signal }) =>
  new Promise((resolve, reject) => {
    execFile(
      file,
      [...args],
      {
        timeout: deadlineMs,
        // A tool that hangs in the driver does not listen to a polite request.
        killSignal: 'SIGKILL',
        signal,
        maxBuffer: MAX_OUTPUT_BYTES,
        windowsHide: true,
        encoding: 'utf8',
      },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
  });
