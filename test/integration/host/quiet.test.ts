import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCoreClient, findRunningCore } from '../../../electron/host/core-client.ts';
import { spawn } from '../../fakes/children.ts';

const program = fileURLToPath(new URL('../../../electron/headless/headless.ts', import.meta.url));
const recorder = new URL('../../fakes/record-network.mjs', import.meta.url).href;
const loopback = /^(localhost|127(\.\d+){3}|::1)$/;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-quiet-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Where a fresh product goes by itself, from its start over whole looks at the fleet to its end. */
async function destinations(environment: Record<string, string>) {
  const record = join(folder, 'network.jsonl');
  const data = join(folder, 'data');
  const child = spawn(
    process.execPath,
    ['--import', recorder, program, '--no-open', '--gateway-port', 'off', '--data', data],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...environment, RECORD_NETWORK: record, NODE_NO_WARNINGS: '1' },
    },
  );
  const exited = once(child, 'exit');
  try {
    for await (const line of createInterface({ input: child.stdout }))
      if (line.includes('is ready at')) break;
    const running = await findRunningCore(data);
    if (!running) throw new Error('The core does not answer.');
    const client = createCoreClient(running.endpoint);
    await client.call('fleet.look', {});
    await client.call('fleet.look', {});
    const status = await client.call('core.status', {});
    child.kill('SIGTERM');
    await exited;
    const lines = readFileSync(record, 'utf8').trim().split('\n');
    return { status, seen: lines.map((line) => JSON.parse(line) as { kind: string; target: string }) };
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

it('goes nowhere and listens nowhere but on loopback, and offers an OLLAMA_HOST that is elsewhere', async () => {
  const { status, seen } = await destinations({ OLLAMA_HOST: 'http://gpu-box.invalid:11434' });
  expect(status.offers).toEqual([{ url: 'http://gpu-box.invalid:11434', source: 'OLLAMA_HOST' }]);
  expect(seen[0]).toEqual({ kind: 'recording', target: 'on' });
  const network = seen.filter(({ kind }) => kind === 'connect' || kind === 'send');
  expect(network.some(({ kind }) => kind === 'connect')).toBe(true);
  expect(network.filter(({ target }) => !loopback.test(target))).toEqual([]);
  expect(seen.filter(({ kind, target }) => kind === 'lookup' && !loopback.test(target))).toEqual([]);
  const listening = seen.filter(({ kind }) => kind === 'listen');
  expect(listening.length).toBeGreaterThan(0);
  expect(listening.filter(({ target }) => !loopback.test(target))).toEqual([]);
});
