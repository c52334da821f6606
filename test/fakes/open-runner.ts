/** A real runner of the test's own: its processes, in a data folder that is removed afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type OpenedRunner,
  type OpenRunnerOptions,
  openRunner,
} from '../../electron/adapters/processes/runner/open-runner.ts';

export const runnerEntry = fileURLToPath(
  new URL('../../electron/workers/runner/runner-worker.ts', import.meta.url),
);

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its answer.
  body: any;
}

export interface TestRunner {
  readonly dataFolder: string;
  opened(): OpenedRunner;
  open(config?: OpenRunnerOptions['config']): Promise<OpenedRunner>;
  ask(method: string, path: string, body?: unknown, options?: { token?: string | null }): Promise<Answer>;
  add(folder: string, name: string): Promise<Answer>;
  close(): Promise<void>;
}

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };

export function createTestRunner(options: Pick<OpenRunnerOptions, 'createWorkerHost'> = {}): TestRunner {
  const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-runner-'));
  let current: OpenedRunner | null = null;
  const all: OpenedRunner[] = [];

  function opened(): OpenedRunner {
    if (current === null) throw new Error('The runner has not been opened.');
    return current;
  }

  const ask: TestRunner['ask'] = async (method, path, body, { token = opened().token } = {}) => {
    const response = await fetch(`${opened().url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    let read: unknown = text;
    try {
      read = JSON.parse(text);
    } catch {
      // It is text.
    }
    return { status: response.status, headers: response.headers, body: read };
  };

  return {
    dataFolder,
    opened,
    ask,
    async open(config) {
      current = await openRunner({
        dataFolder,
        entry: runnerEntry,
        version: 'test',
        log,
        signal: new AbortController().signal,
        config: { provider: 'cpu', threads: 1, ...config },
        ...options,
      });
      all.push(current);
      return current;
    },
    add: (folder, name) => ask('POST', '/runner/models', { path: folder, name }),
    async close() {
      await Promise.all(all.map((one) => one.stop()));
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
