/** Runs the command line as a person does: a process of its own, what it prints, how it ends. */

import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from './children.ts';

export interface CliRun {
  code: number | null;
  out: string;
  err: string;
}

const entries = {
  cli: fileURLToPath(new URL('../../electron/cli/cli.ts', import.meta.url)),
  demo: fileURLToPath(new URL('../../electron/cli/demo.ts', import.meta.url)),
};

export function startCli(
  entry: keyof typeof entries,
  args: readonly string[],
  input?: string,
): { child: ChildProcess; ended: Promise<CliRun> } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entries[entry], ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, OLLAMA_HOST: '127.0.0.1:9', NO_COLOR: '1' },
  });
  // It may end before it has read all.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<CliRun>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended };
}

/** @param input for its standard input; left out, it has none */
export function runCli(
  entry: keyof typeof entries,
  args: readonly string[],
  input?: string,
): Promise<CliRun> {
  return startCli(entry, args, input).ended;
}

/** The one JSON value that `--json` prints. */
export function jsonOf(run: CliRun): unknown {
  return JSON.parse(run.out.trim().split('\n').at(-1) ?? '');
}
