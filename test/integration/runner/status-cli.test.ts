/** `runner status` beside a Pilotlight that runs: the door for Immich belongs to that. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findRunningCore } from '../../../electron/host/core-client.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { createPrograms } from '../host/program.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-status-cli-'));
const data = join(root, 'data');
const { launch, stop } = createPrograms(() => data);
afterAll(async () => {
  await stop();
  rmSync(root, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const status = (...args: string[]) => runCli('cli', ['runner', 'status', ...args, '--data', data]);

it('runner status shows the door for Immich of the Pilotlight that runs', async () => {
  await launch().ready();
  expect(jsonOf(await status('--json'))).toMatchObject({ models: [], door: { state: 'off', urls: [] } });

  const port = await freePort();
  const core = await findRunningCore(data);
  await core?.call('settings.update', { immich: { on: true, port } });
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(async () => (await fetch(`${url}/ping`).catch(() => null))?.status, { timeout: 30_000 })
    .toBe(200);
  expect(jsonOf(await status('--json'))).toMatchObject({
    door: { state: 'running', urls: [url], listening: 'loopback', held: 0, lastWake: null },
  });
  const { code, out } = await status();
  expect([code, out]).toEqual([0, expect.stringContaining(`Immich: ${url}`)]);
}, 300_000);
