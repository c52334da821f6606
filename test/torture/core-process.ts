/** A core as a process of its own, as a person starts it, without a browser. */

import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEndpoint } from '../../electron/host/endpoint.ts';
import type { MethodInput, MethodName, MethodResult } from '../../shared/contract/methods.ts';
import { type ChildProcess, spawn } from '../fakes/children.ts';
import { createHttpClient, parseJson } from './http.ts';

const program = fileURLToPath(new URL('../../dist/headless/headless.mjs', import.meta.url));
const START_MS = 60_000;
const CALL_MS = 30_000;

export interface StartedProcess {
  child: ChildProcess;
  /** Everything it wrote to standard error, its last 20,000 characters. */
  complaints(): string;
  output(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Its ready line; null when it ended or hung before. */
  ready(): Promise<string | null>;
}

export function launchCore(dataFolder: string, args: readonly string[] = []): StartedProcess {
  const empty = join(dataFolder, '..', 'no-programs');
  mkdirSync(empty, { recursive: true });
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      program,
      '--no-open',
      '--gateway-port',
      'off',
      '--data',
      dataFolder,
      ...args,
    ],
    // Without programs on the path: a fuzzed command must not run anything of this machine.
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: empty,
      env: { PATH: empty, HOME: empty, OLLAMA_HOST: '127.0.0.1:1' },
    },
  );
  let out = '';
  let complaints = '';
  const waiting = new Set<() => void>();
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    for (const wake of waiting) wake();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-20_000);
  });
  const exited = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  return {
    child,
    exited,
    complaints: () => complaints,
    output: () => out,
    ready() {
      return new Promise((resolve) => {
        const give = (line: string | null) => {
          clearTimeout(timer);
          waiting.delete(check);
          resolve(line);
        };
        const timer = setTimeout(() => give(null), START_MS);
        const check = () => {
          const url = /^Pilotlight is ready at (http:\/\/127\.0\.0\.1:\d+)\//m.exec(out)?.[1];
          if (url !== undefined) give(url);
        };
        waiting.add(check);
        exited.then(() => give(null));
        check();
      });
    },
  };
}

export interface RunningCore extends StartedProcess {
  url: string;
  token: string;
  /** Gives the result, or the error's code; `null` for no answer. */
  call<Name extends MethodName>(
    method: Name,
    params: MethodInput<Name>,
  ): Promise<{ result: MethodResult<Name> } | { code: string } | null>;
  kill(): Promise<void>;
  /** Politely; false where it had to be killed. */
  stop(): Promise<boolean>;
}

/** null where it did not start. */
export async function startCore(
  dataFolder: string,
  args: readonly string[] = [],
): Promise<RunningCore | { failed: string; process: StartedProcess }> {
  const launched = launchCore(dataFolder, args);
  const url = await launched.ready();
  const endpoint = url === null ? null : readEndpoint(dataFolder);
  if (url === null || endpoint === null) {
    launched.child.kill('SIGKILL');
    await launched.exited;
    return { failed: launched.complaints() || 'no ready line', process: launched };
  }
  const client = createHttpClient({ base: url, deadlineMs: CALL_MS });
  const headers = { authorization: `Bearer ${endpoint.token}`, 'content-type': 'application/json' };
  return {
    ...launched,
    url,
    token: endpoint.token,
    async call(method, params) {
      const reply = await client.call({
        method: 'POST',
        path: `/api/call/${method}`,
        headers,
        body: JSON.stringify(params),
      });
      if ('failed' in reply) return null;
      const body = parseJson(reply.text) as Record<string, unknown> | undefined;
      if (reply.status === 200 && body !== undefined) return { result: body as never };
      return { code: typeof body?.code === 'string' ? body.code : `HTTP ${reply.status}` };
    },
    async kill() {
      client.close();
      launched.child.kill('SIGKILL');
      await launched.exited;
    },
    async stop() {
      client.close();
      launched.child.kill('SIGTERM');
      const timer = setTimeout(() => launched.child.kill('SIGKILL'), 20_000);
      const { signal } = await launched.exited;
      clearTimeout(timer);
      return signal !== 'SIGKILL';
    },
  };
}
