/**
 * Machines of two networks are found, in network namespaces that this test makes: no packet leaves them. It needs
 * root and iproute2; see `findNamespaceTools`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Discovery, FoundMachine, Network } from '../../../shared/models/discovery.ts';
import { type ChildProcess, spawn } from '../../fakes/children.ts';
import { findNamespaceTools } from '../../fakes/namespaces.ts';
import { createPlace, startAgent } from '../agent/process.ts';

const tools = findNamespaceTools();
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const space = (name: string) => `pl-${name}-${process.pid}`;
const spaces = ['find', 'home', 'lab', 'tower', 'nas', 'quiet'].map(space);
const panelProgram = fileURLToPath(new URL('./panel.ts', import.meta.url));

/** A machine on the bridge of one network. */
interface Machine {
  space: string;
  bridge: string;
  link: string;
  address: string;
  mac: string;
}
const panelHome = { space: space('find'), bridge: space('home'), link: 'h0', address: '10.83.0.2' };
const panelLab = { space: space('find'), bridge: space('lab'), link: 'l0', address: '10.84.0.2' };
const tower = { space: space('tower'), bridge: space('home'), link: 't0', address: '10.83.0.5' };
const nas = { space: space('nas'), bridge: space('lab'), link: 'n0', address: '10.84.0.6' };
const quiet = { space: space('quiet'), bridge: space('lab'), link: 'q0', address: '10.84.0.7' };
const machines: Machine[] = [panelHome, panelLab, tower, nas, quiet].map((one, index) => ({
  ...one,
  mac: `02:83:00:00:00:0${index + 1}`,
}));
const macOf = (address: string) => machines.find((one) => one.address === address)?.mac;

/** Small servers by port: a path, and what it answers. */
const servers = (answers: Record<number, [path: string, body: object]>) => `
const { createServer } = require('node:http');
const answers = ${JSON.stringify(answers)};
let open = Object.keys(answers).length;
for (const [port, [path, body]] of Object.entries(answers))
  createServer((request, response) => {
    response.statusCode = request.url === path ? 200 : 404;
    response.end(JSON.stringify(request.url === path ? body : { error: 'Not found' }));
  }).listen(Number(port), '0.0.0.0', () => { open -= 1; if (open === 0) console.log('ready'); });`;

const running: ChildProcess[] = [];
async function startIn(name: string, ...args: string[]) {
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return async (...order: unknown[]) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return JSON.parse((await lines.next()).value ?? 'null');
  };
}

/** Packets that went out of a link so far. */
function sent(name: string, link: string): number {
  const [{ stats64 }] = JSON.parse(ip('-n', name, '-j', '-s', 'link', 'show', link));
  return stats64.tx.packets;
}

describe.skipIf(tools === null)('looking for machines in network namespaces', () => {
  beforeAll(async () => {
    for (const name of spaces) {
      ip('netns', 'add', name);
      ip('netns', 'exec', name, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    for (const bridge of [space('home'), space('lab')]) {
      ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
      ip('-n', bridge, 'link', 'set', 'br0', 'up');
    }
    for (const { space: name, bridge, link, address, mac } of machines) {
      const peer = `${link}b`;
      ip('link', 'add', link, 'netns', name, 'type', 'veth', 'peer', 'name', peer, 'netns', bridge);
      ip('-n', bridge, 'link', 'set', peer, 'master', 'br0', 'up');
      ip('-n', name, 'link', 'set', link, 'address', mac, 'up');
      ip('-n', name, 'addr', 'add', `${address}/28`, 'brd', '+', 'dev', link);
    }
    const relay = { status: 'ok', gpu_pc_reachable: false, gpu_pc_ip: '10.83.0.5' };
    await startIn(nas.space, '-e', servers({ 9753: ['/health', relay] }));
    await startIn(tower.space, '-e', servers({ 11434: ['/api/version', { version: '0.9.1' }] }));
  });

  afterAll(async () => {
    for (const child of running) {
      if (child.exitCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const name of spaces) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was never made.
      }
    }
  });

  it('sends nothing before the click, then finds the agent, the servers and the neighbour of what was ticked', async () => {
    using place = createPlace();
    const panel = await startIn(space('find'), panelProgram);
    await using agent = await startAgent(
      place.folder,
      ['--role', 'power,telemetry', '--bind', '0.0.0.0', '--port', '8765', '--announce'],
      ['ip', 'netns', 'exec', tower.space],
    );
    const networks: Network[] = await panel('networks');
    expect(networks).toMatchObject([
      { subnet: '10.83.0.0/28', interface: 'h0', address: '10.83.0.2', hosts: 14, tooLarge: false },
      { subnet: '10.84.0.0/28', interface: 'l0', address: '10.84.0.2' },
    ]);
    expect([sent(panelHome.space, 'h0'), sent(panelLab.space, 'l0')]).toEqual([0, 0]);

    const home: Discovery = await panel('start', ['10.83.0.0/28']);
    expect(home).toMatchObject({ state: 'done', notes: [], done: home.total });
    expect(home.found).toEqual([
      {
        address: '10.83.0.5',
        name: expect.stringMatching(/./),
        mac: macOf('10.83.0.5'),
        broadcast: '10.83.0.15',
        ollama: { url: 'http://10.83.0.5:11434', version: '0.9.1' },
        agent: {
          url: agent.url.replace('0.0.0.0', '10.83.0.5'),
          version: expect.any(String),
          roles: ['power', 'telemetry'],
          id: expect.any(String),
        },
        relayUrl: null,
        shutdownUrl: null,
        foundBy: expect.arrayContaining(['announced', 'ports']),
        nodeId: null,
      },
    ]);
    // The network that was not ticked has not heard of it.
    expect(sent(panelLab.space, 'l0')).toBe(0);
  });

  it('a machine that offers nothing is there as a neighbour, once this computer spoke with it', async () => {
    const panel = await startIn(space('find'), panelProgram);
    const first: Discovery = await panel('start', ['10.84.0.0/28']);
    expect(first.found).toMatchObject([
      {
        address: '10.84.0.6',
        mac: macOf('10.84.0.6'),
        broadcast: '10.84.0.15',
        relayUrl: 'http://10.84.0.6:9753',
        ollama: null,
        foundBy: ['ports'],
      },
    ]);
    const both: Discovery = await panel('start', ['10.83.0.0/28', '10.84.0.0/28']);
    expect(both.found.map(({ address }) => address)).toEqual(['10.83.0.5', '10.84.0.6', '10.84.0.7']);
    expect(both.found.slice(1).map(({ foundBy }) => foundBy)).toEqual([
      ['neighbours', 'ports'],
      ['neighbours'],
    ]);
    expect(both.found[2]).toMatchObject({ mac: macOf('10.84.0.7'), ollama: null, agent: null });
  });

  it('one address is inspected: its MAC is that of the neighbour table; nobody at another ends in words', async () => {
    const panel = await startIn(space('find'), panelProgram);
    const found: FoundMachine = await panel('inspect', '10.83.0.5');
    expect(found).toMatchObject({
      mac: macOf('10.83.0.5'),
      broadcast: '10.83.0.15',
      ollama: { version: '0.9.1' },
      agent: null,
      foundBy: ['asked'],
    });
    expect(['HOST_UNREACHABLE', 'HOST_TIMEOUT']).toContain((await panel('inspect', '10.83.0.9')).code);
  });

  it('a cancelled look leaves no connection open', async () => {
    const panel = await startIn(space('find'), panelProgram);
    const status = await panel('cancel', ['10.83.0.0/28', '10.84.0.0/28']);
    expect(status).toMatchObject({ state: 'cancelled', left: [] });
    expect(status.done).toBeLessThan(status.total);
  });
});
