/** A program of the user, such as ffmpeg: started directly, ended with its reader, and never waited for without end. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { systemCode } from '../../adapters/system-code.ts';
import type { Clock } from '../../core/ports/time.ts';

export interface ProgramOptions {
  /** Its name or path. */
  program: string;
  args: readonly string[];
  /** Where it runs: a folder of the task. */
  folder: string;
  clock: Pick<Clock, 'timer'>;
  /** How long it may print nothing while its output is waited for, milliseconds. */
  silenceMs: number;
  /** Of standard output, bytes; null for no limit. */
  mostBytes: number | null;
  signal: AbortSignal;
}

export interface ProgramEnd {
  /** null if it was ended by a signal. */
  code: number | null;
  /** The end of its error output. */
  said: string;
}

export interface RunningProgram {
  /**
   * Its standard output, to be read once. It is read no faster than the reader asks. Rejects with PROGRAM_STUCK,
   * PROGRAM_OUTPUT_TOO_LARGE, or the signal's reason; the program is ended then, and when the reader leaves.
   */
  output: AsyncGenerator<Buffer, ProgramEnd>;
}

/** Of its error output. */
const MOST_SAID = 16_384;
/** It has closed its output, and ends now. */
const EXIT_MS = 10_000;

/** Rejects with PROGRAM_MISSING if it is not there or may not be run. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { program, args, folder, signal } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: false,
    windowsHide: true,
    env: environmentFor(process.env),
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new PilotlightError('PROGRAM_MISSING', {
      message: fact('PROGRAM_NOT_STARTED', { program, reason: systemCode(error) ?? String(error) }),
      details: { program },
      cause: error,
    });
  }
  return { output: read(child, options) };
}

async function* read(
  child: ChildProcessByStdio<null, Readable, Readable>,
  { program, clock, silenceMs, mostBytes, signal }: ProgramOptions,
): AsyncGenerator<Buffer, ProgramEnd> {
  let said = '';
  let failure: unknown = null;
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const end = (error: unknown) => {
    failure ??= error;
    child.kill('SIGKILL');
    child.stdout.destroy();
  };
  const onAbort = () => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const stuck = () =>
    end(
      new PilotlightError('PROGRAM_STUCK', {
        message: fact('PROGRAM_SILENT', { program, seconds: Math.round(silenceMs / 1000) }),
      }),
    );
  let timer = clock.timer(silenceMs, stuck);
  const isAlive = () => {
    timer.cancel();
    timer = clock.timer(silenceMs, stuck);
  };
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID);
    isAlive();
  });
  let bytes = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (mostBytes !== null && bytes > mostBytes) {
        throw new PilotlightError('PROGRAM_OUTPUT_TOO_LARGE', {
          message: fact('PROGRAM_PRINTED_TOO_MUCH', { program, limit: mostBytes }),
        });
      }
      timer.cancel();
      yield chunk;
      isAlive();
    }
    if (failure !== null) throw failure;
    timer.cancel();
    timer = clock.timer(EXIT_MS, stuck);
    const code = await exit;
    if (failure !== null) throw failure;
    return { code, said };
  } catch (error) {
    throw failure ?? error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Runs it to its end. Rejects as `startProgram` and its output do. */
export async function runProgram(options: ProgramOptions): Promise<ProgramEnd & { text: string }> {
  const { output } = await startProgram(options);
  const chunks: Buffer[] = [];
  for (;;) {
    const next = await output.next();
    if (next.done === true) return { ...next.value, text: Buffer.concat(chunks).toString('utf8') };
    chunks.push(next.value);
  }
}

/** Without Pilotlight's own variables, which may be secrets, and without colours in what it prints. */
export function environmentFor(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('PILOTLIGHT_'));
  return { ...Object.fromEntries(kept), AV_LOG_FORCE_NOCOLOR: '1', NO_COLOR: '1', PYTHONUNBUFFERED: '1' };
}

/** What it said last, for a message. */
export function lastWords(said: string): string {
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? '').trim().slice(0, 300);
}
