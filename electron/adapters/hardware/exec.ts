import { execFile } from 'node:child_process';
import { decodeConsole, isUtf8, readOemCodePage } from './console-text.ts';

export interface ExecOptions {
  /** The process is killed after this many milliseconds, and the call rejects. */
  deadlineMs: number;
  signal: AbortSignal;
}

/**
 * Runs a program without a shell. Rejects with the system's error: ENOENT, a non-zero exit, the deadline; with the
 * program's output as `stdout` and `stderr`.
 */
export type Exec = (file: string, args: readonly string[], options: ExecOptions) => Promise<string>;

const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_WORDS = 200;

export const execProgram: Exec = async (file, args, options) => {
  try {
    return await textOf(await execBytes(file, args, options));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { stdout, stderr } = error as { stdout?: Uint8Array; stderr?: Uint8Array };
    if (stdout === undefined || stderr === undefined) throw error;
    const [out, err] = await Promise.all([textOf(stdout), textOf(stderr)]);
    throw Object.assign(error, { stdout: out, stderr: err });
  }
};

/** Rejects with the program's output as bytes. */
function execBytes(file: string, args: readonly string[], { deadlineMs, signal }: ExecOptions) {
  return new Promise<Uint8Array>((resolve, reject) => {
    execFile(
      file,
      [...args],
      {
        timeout: deadlineMs,
        // A tool that hangs in the driver does not react to a polite signal.
        killSignal: 'SIGKILL',
        signal,
        maxBuffer: MAX_OUTPUT_BYTES,
        windowsHide: true,
        encoding: 'buffer',
      },
      (error, stdout, stderr) => (error ? reject(Object.assign(error, { stdout, stderr })) : resolve(stdout)),
    );
  });
}

async function textOf(bytes: Uint8Array): Promise<string> {
  return decodeConsole(bytes, process.platform === 'win32' && !isUtf8(bytes) ? await oemCodePage() : null);
}

let page: Promise<number | null> | null = null;
const OEM_PAGE = ['query', 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage', '/v', 'OEMCP'] as const;

/** It does not change while Windows runs. */
function oemCodePage(): Promise<number | null> {
  page ??= execBytes('reg.exe', OEM_PAGE, { deadlineMs: 4000, signal: new AbortController().signal }).then(
    (bytes) => readOemCodePage(new TextDecoder().decode(bytes)),
    () => null,
  );
  return page;
}

/** Whether the program is missing. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The program's exit code; null if it did not exit on its own. */
export function exitCodeOf(error: unknown): number | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;
}

/** What a failed program printed to one of its outputs. */
export function printedBy(error: unknown, output: 'stdout' | 'stderr'): string {
  const text = error instanceof Error ? (error as { stdout?: unknown; stderr?: unknown })[output] : null;
  return typeof text === 'string' ? text.trim() : '';
}

/** Why a program gave no answer, in one sentence. Some tools print their errors to standard output. */
export function toolFailure(program: string, error: unknown): string {
  if (isMissing(error)) return `${program} is not installed.`;
  if (error instanceof Error && 'killed' in error && error.killed === true)
    return `${program} did not answer in time and was stopped.`;
  if (error instanceof Error && error.name === 'AbortError') return `${program} did not answer in time.`;
  const printed = printedBy(error, 'stderr') || printedBy(error, 'stdout');
  const code = exitCodeOf(error);
  if (code !== null)
    return `${program} failed with code ${code}${printed === '' ? '.' : `: ${lastLine(printed)}`}`;
  return `${program}: ${lastLine(error instanceof Error ? error.message : String(error))}`;
}

function lastLine(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? '').trim().slice(0, MAX_WORDS);
}
