/** The agent as its own process, on loopback, with commands that write instead of powering anything off. */

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

export const agentProgram = fileURLToPath(new URL('../../../electron/agent/main.ts', import.meta.url));

export interface Answer {
  status: number;
  headers: Headers;
  // Shapes differ by test; each test says what it expects.
  body: Record<string, unknown>;
}

export function createPlace(config: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
  writeFileSync(join(folder, 'agent.json'), JSON.stringify(config), { mode: 0o600 });
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An inhibitor that says when it starts, and lives as long as its input. */
export function inhibitorCommand(file: string): string[] {
  const code = `require('fs').appendFileSync(${JSON.stringify(file)}, 'on\\n'); process.stdin.resume().on('end', () => { require('fs').appendFileSync(${JSON.stringify(file)}, 'off\\n'); process.exit(0); });`;
  return [process.execPath, '-e', code];
}

export async function runAgent(args: readonly string[], program: readonly string[] = [process.execPath]) {
  const child = spawn(program[0] ?? '', [...program.slice(1), agentProgram, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, complaints };
}

export async function startAgent(
  folder: string,
  args: readonly string[],
  prefix: readonly string[] = [],
  /** Where its runner is found by other programs; default: nowhere. */
  runtimeFolder?: string,
) {
  const command = [...prefix, process.execPath, agentProgram, '--port', '0', '--data', folder, ...args];
  const child: ChildProcess = spawn(command[0] ?? '', command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      PILOTLIGHT_RUNTIME_DIR: runtimeFolder ?? 'none',
    },
  });
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('no pipes');
  const exited = once(child, 'exit');
  let log = '';
  const waiting = new Set<() => void>();
  stderr.on('data', (chunk) => {
    log += chunk;
    for (const look of waiting) look();
  });
  let url = '';
  for await (const line of createInterface({ input: stdout })) {
    const found = /listens on (http:\S+)/.exec(line)?.[1];
    if (found === undefined) continue;
    url = found;
    break;
  }
  if (url === '') throw new Error(`The agent did not start. ${log}`);
  const token = readFileSync(join(folder, 'token'), 'utf8').trim();

  async function call(
    method: string,
    path: string,
    body?: unknown,
    bearer: string | null = token,
  ): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  return {
    url,
    port: Number(new URL(url).port),
    token,
    call,
    log: () => log,
    /** Resolves when the agent has said something like this. */
    said: (words: RegExp) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!words.test(log)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async stop(signal: NodeJS.Signals = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
