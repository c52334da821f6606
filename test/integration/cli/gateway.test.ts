/** The gateway on the command line. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HostGateway } from '../../../electron/host/gateway.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import type { GatewayStats, GatewayView } from '../../../shared/models/gateway.ts';
import type { RequestView } from '../../../shared/models/requests.ts';
import { jsonOf, runCli, startCli } from '../../fakes/cli.ts';

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

/** A request whose body never ends. */
function openRequest(url: string) {
  const request = httpRequest(`${url}/api/chat`, { method: 'POST', agent: false });
  request.on('error', () => {});
  request.write('{');
  return { answer: once(request, 'response').then(([response]) => (response as IncomingMessage).statusCode) };
}

it('shows requests, watches them, and cancels one', async () => {
  const { url } = await start({ port: 0 });
  expect((await cli('requests')).out).not.toBe('');
  const { answer } = openRequest(url ?? '');
  let running: RequestView[];
  do running = jsonOf(await cli('requests', '--json', '--state', 'arriving')) as RequestView[];
  while (running.length === 0);
  const [one] = running;
  const number = one?.id.split('-').at(-1) ?? '';
  expect((await cli('requests')).out).toMatch(new RegExp(`◌ arriving +${number} `));
  expect(jsonOf(await cli('requests', '--json', '--model', 'other'))).toEqual([]);

  const watching = startCli('cli', ['requests', '--watch', '--json', '--data', data]);
  let seen = '';
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!seen.includes(text)) return;
        watching.child.stdout?.off('data', take);
        resolve();
      };
      const take = (chunk: string) => {
        seen += chunk;
        check();
      };
      watching.child.stdout?.on('data', take);
      check();
    });
  await until('"arriving"');
  expect(await cli('requests', 'cancel', number)).toMatchObject({ code: 0 });
  expect(await answer).toBe(499);
  await until('"cancelled"');
  watching.child.kill('SIGINT');
  const { code, out } = await watching.ended;
  expect(code).toBe(130);
  const states = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as RequestView).state);
  expect(states).toEqual(['arriving', 'cancelled']);
  expect(await cli('requests', 'cancel', number)).toMatchObject({ code: 1, out: '' });
  expect((await cli('requests', 'cancel', '999999')).err).toContain('NOT_FOUND');
});

it('says which policy applies to a model', async () => {
  await start({ port: 0 });
  expect((await cli('gateway', 'policy', 'llama3.2')).out).toContain('llama3.2');
  expect(jsonOf(await cli('gateway', 'policy', 'llama3.2', '--json'))).toMatchObject({ wake: 'if-needed' });
  const unknown = await cli('gateway', 'policy', 'llama3.2', '--key', 'nobody');
  expect(unknown).toMatchObject({ code: 1, out: '' });
  expect(unknown.err).toContain('NOT_FOUND');
});

it('says why there is none', async () => {
  await start({ port: 'off' });
  const { code, out } = await cli('gateway');
  expect(code).toBe(0);
  expect(out).toContain('--gateway-port off');
});

it.each([
  [['gateway', 'address']],
  [['gateway', 'stats', 'now']],
  [['gateway', 'policy']],
  [['gateway', '--key', 'x']],
  [['requests', 'stop']],
  [['requests', 'cancel']],
  [['requests', 'cancel', '1', '--watch']],
])('%j is refused', async (args) => {
  expect(await cli(...args)).toMatchObject({ code: 2, out: '' });
});

it('needs a core that runs', async () => {
  expect(await cli('gateway')).toMatchObject({ code: 3, out: '' });
});
