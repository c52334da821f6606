/** What programs see that use this computer's runner while its door is started again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { canSharePorts, holdPort } from '../../../electron/adapters/processes/runner/hold-port.ts';
import type { LocalRunner, OpenRunner } from '../../../electron/core/ports/runner.ts';
import { createLocalRunner } from '../../../electron/host/runner.ts';
import { silentLog } from '../../fakes/indexing.ts';

let folder: string;
let local: LocalRunner;
let opened: OpenRunner[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-held-'));
  local = createLocalRunner({ dataFolder: folder, log: silentLog });
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<OpenRunner> {
  const options = {
    provider: 'cpu',
    modelsFolder: null,
    idleSeconds: 300,
    catalogueUrl: null,
    immichCache: null,
  } as const;
  const runner = await local.open(options, new AbortController().signal);
  opened.push(runner);
  return runner;
}

/** A status, or how the connection failed. */
async function ask({
  url,
  token,
}: OpenRunner): Promise<{ status: number | string; retryAfter: string | null }> {
  try {
    const response = await fetch(`${url}/runner/status`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    return { status: code ?? 'closed', retryAfter: null };
  }
}

it.skipIf(!canSharePorts)(
  'a program is told to come back, and finds the runner at the same address',
  async () => {
    const first = await open();
    const { pid } = JSON.parse(readFileSync(join(folder, 'runner', 'endpoint.json'), 'utf8'));
    const ended = new Promise<void>((resolve) => first.onExit(() => resolve()));
    process.kill(pid, 'SIGKILL');
    await ended;
    const next = open();
    const seen: Awaited<ReturnType<typeof ask>>[] = [];
    // The owner needs a turn to listen; from then on nobody is refused.
    while (seen.at(-1)?.status !== 503) seen.push(await ask(first));
    expect(seen.at(-1)).toEqual({ status: 503, retryAfter: '1' });
    seen.length = 0;
    while (seen.at(-1)?.status !== 200) seen.push(await ask(first));
    expect(seen.filter(({ status }) => status === 'ECONNREFUSED')).toEqual([]);
    const second = await next;
    expect([second.url, second.token]).toEqual([first.url, first.token]);
  },
);

it('nothing answers there after it was stopped', async () => {
  const first = await open();
  await first.stop();
  expect((await ask(first)).status).toBe('ECONNREFUSED');
});

it('a port that another program has is left to that one', async () => {
  const first = await open();
  const port = Number(new URL(first.url).port);
  const held = await holdPort(port);
  expect((await ask(first)).status).toBe(200);
  held.release();
  expect((await ask(first)).status).toBe(200);
});
