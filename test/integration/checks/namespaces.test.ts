/**
 * `doctor` on a network of its own, in network namespaces that this test makes: no packet leaves them. It needs root
 * and iproute2; see `findNamespaceTools`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Check } from '../../../shared/models/checks.ts';
import { fact } from '../../../shared/models/message.ts';
import { type ChildProcess, spawn } from '../../fakes/children.ts';
import { findNamespaceTools } from '../../fakes/namespaces.ts';

const tools = findNamespaceTools();
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const panel = `pl-doctor-${process.pid}`;
const box = `pl-box-${process.pid}`;
const boxMac = '02:85:00:00:00:05';
const otherMac = '02:85:00:00:00:99';
const cli = fileURLToPath(new URL('../../../electron/cli/cli.ts', import.meta.url));

const ollama = `
require('node:http').createServer((request, response) => {
  response.end(JSON.stringify(request.url === '/api/version' ? { version: '0.33.0' } : { models: [] }));
}).listen(11434, '10.85.0.5', () => console.log('ready'));`;

describe.skipIf(tools === null)('doctor in network namespaces', () => {
  let data: string;
  let server: ChildProcess;

  beforeAll(async () => {
    for (const space of [panel, box]) {
      ip('netns', 'add', space);
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
    ip('link', 'add', 'd0', 'netns', panel, 'type', 'veth', 'peer', 'name', 'd1', 'netns', box);
    ip('-n', box, 'link', 'set', 'd1', 'address', boxMac);
    ip('-n', panel, 'addr', 'add', '10.85.0.2/24', 'brd', '+', 'dev', 'd0');
    ip('-n', box, 'addr', 'add', '10.85.0.5/24', 'brd', '+', 'dev', 'd1');
    ip('-n', panel, 'link', 'set', 'd0', 'up');
    ip('-n', box, 'link', 'set', 'd1', 'up');
    server = spawn('ip', ['netns', 'exec', box, process.execPath, '-e', ollama], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!server.stdout) throw new Error('no pipe');
    await once(createInterface({ input: server.stdout }), 'line');
  });

  afterAll(async () => {
    if (server?.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    for (const space of [panel, box]) {
      try {
        ip('netns', 'del', space);
      } catch {
        // It was never made.
      }
    }
  });

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'pilotlight-doctor-'));
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  async function pilotlight(...args: string[]): Promise<{ code: number; said: unknown }> {
    const child = spawn(
      'ip',
      ['netns', 'exec', panel, process.execPath, cli, ...args, '--json', '--data', data],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { PATH: process.env.PATH, OLLAMA_HOST: '127.0.0.1:9', NODE_NO_WARNINGS: '1' },
      },
    );
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said: JSON.parse(out.trim().split('\n').at(-1) ?? 'null') };
  }

  /** Of a node that is the only one. */
  async function doctor(url: string, mac = boxMac) {
    await pilotlight('nodes', 'add', url, '--name', 'box', '--mac', mac);
    const { code, said } = await pilotlight('doctor', 'box');
    const check = said as Check;
    return { code, step: (id: string) => check.steps.find((one) => one.id === id) };
  }

  it('passes a machine that serves in our network', async () => {
    const { code, step } = await doctor('http://10.85.0.5:11434');
    expect(code).toBe(0);
    expect(step('route')).toMatchObject({
      state: 'pass',
      seen: fact('IN_NETWORK', { subnet: '10.85.0.0/24' }),
    });
    expect(step('server')).toMatchObject({ state: 'pass' });
  });

  it('distinguishes a machine that is on from its port, where nothing listens', async () => {
    const { code, step } = await doctor('http://10.85.0.5:11500');
    expect(code).toBe(1);
    expect(step('host')).toMatchObject({ state: 'pass' });
    expect(step('port')).toMatchObject({ state: 'fail', fix: fact('START_OLLAMA') });
  });

  it('recognises by the MAC address that another machine has its address', async () => {
    const { step } = await doctor('http://10.85.0.5:11500', otherMac);
    expect(step('host')).toMatchObject({
      state: 'fail',
      seen: { code: 'OTHER_MACHINE_ANSWERS', params: { seen: boxMac, expected: otherMac } },
      fix: fact('FIND_NEW_ADDRESS'),
    });
  });

  it('ends at an address that no machine has', async () => {
    const { step } = await doctor('http://10.85.0.77:11434', otherMac);
    expect(step('route')).toMatchObject({ state: 'pass' });
    expect(step('host')).toMatchObject({
      state: 'fail',
      seen: fact('HOST_SILENT', { host: '10.85.0.77', wasServing: false }),
    });
  });

  it('reports that no broadcast reaches another network', async () => {
    const { step } = await doctor('http://10.86.0.9:11434', otherMac);
    expect(step('route')).toMatchObject({
      state: 'fail',
      seen: fact('NOT_IN_NETWORK', { address: '10.86.0.9', subnets: ['10.85.0.0/24'] }),
      fix: fact('ADD_RELAY'),
    });
  });
});
