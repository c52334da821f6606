/** The gateway on the command line. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HostGateway } from '../../../electron/host/gateway.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import type { GatewayStats, GatewayView } from '../../../shared/models/gateway.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';

let root: string;
let data: string;
const hosts: Host[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-cli-gateway-'));
  data = join(root, 'data');
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  rmSync(root, { recursive: true, force: true });
});

const cli = (...args: string[]) => runCli('cli', [...args, '--data', data]);
async function start(gateway: HostGateway): Promise<GatewayView> {
  const host = await startHost({
    dataFolder: data,
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    gateway,
  });
  hosts.push(host);
  return host.openGateway();
}

it('shows the address of a running one, and counts what came in there', async () => {
  const { url } = await start({ port: 0 });
  expect((await cli('gateway')).out).toContain(url);
  expect((await cli('status')).out).toContain(url);
  expect(jsonOf(await cli('gateway', '--json'))).toMatchObject({ state: 'running', url });
  expect(jsonOf(await cli('status', '--json'))).toMatchObject({ gateway: { url } });

  await fetch(`${url}/api/tags`);
  let stats: GatewayStats;
  do stats = jsonOf(await cli('gateway', 'stats', '--json')) as GatewayStats;
  while (stats.total.requests === 0);
  expect(stats).toMatchObject({ total: { requests: 1, completed: 1 }, dialects: [{ dialect: 'ollama' }] });
  expect((await cli('gateway', 'stats')).out).toContain('ollama');
});

it('says why there is none', async () => {
  await start({ port: 'off' });
  const { code, out } = await cli('gateway');
  expect(code).toBe(0);
  expect(out).toContain('--gateway-port off');
});

it.each([[['gateway', 'address']], [['gateway', 'stats', 'now']]])('%j is refused', async (args) => {
  expect(await cli(...args)).toMatchObject({ code: 2, out: '' });
});

it('needs a core that runs', async () => {
  expect(await cli('gateway')).toMatchObject({ code: 3, out: '' });
});
