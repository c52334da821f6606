import { describe, expect, it } from 'vitest';
import { inspectAddress } from '../../../../electron/core/discovery/inspect.ts';
import type { KnownNode } from '../../../../electron/core/discovery/machine.ts';
import type { AgentMachine } from '../../../../electron/core/ports/agents.ts';
import type { NetworkInterface } from '../../../../electron/core/ports/network.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeHttp, type FakeSite } from '../../../fakes/http.ts';

const lan: NetworkInterface = {
  name: 'eth0',
  address: '192.168.1.5',
  netmask: '255.255.255.0',
  internal: false,
};
const ollama: FakeSite = { '/api/version': { version: '0.9.1' } };
const agent: FakeSite = {
  '/health': {
    status: 'ok',
    service: 'gpu-shutdown',
    agent: 'pilotlight',
    version: '0.1.0',
    roles: ['power'],
  },
};

function createWorld(
  sites: Record<string, FakeSite>,
  options: {
    neighbours?: { address: string; mac: string }[];
    names?: Record<string, string[]>;
    machine?: AgentMachine;
    nodes?: KnownNode[];
  } = {},
) {
  const http = createFakeHttp(sites);
  const signal = new AbortController().signal;
  const inspect = (address: string) =>
    inspectAddress(
      {
        clock: createFakeClock(),
        http,
        surroundings: {
          neighbours: async () => options.neighbours ?? [],
          async resolve(name) {
            const found = options.names?.[name];
            if (found) return found;
            throw new PilotlightError('NAME_NOT_RESOLVED');
          },
        },
        interfaces: () => [lan],
        agentMachine: async () => options.machine ?? null,
        knownNodes: () => options.nodes ?? [],
      },
      address,
      signal,
    );
  return { http, inspect };
}

describe('inspecting an address', () => {
  it('finds Ollama and the agent, with the MAC address of the neighbour table and the broadcast of our network', async () => {
    const { http, inspect } = createWorld(
      { 'http://192.168.1.20:11434': ollama, 'http://192.168.1.20:8765': agent },
      { neighbours: [{ address: '192.168.1.20', mac: '02:00:00:00:00:20' }] },
    );
    expect(await inspect('192.168.1.20')).toEqual({
      address: '192.168.1.20',
      name: null,
      mac: '02:00:00:00:00:20',
      broadcast: '192.168.1.255',
      ollama: { url: 'http://192.168.1.20:11434', version: '0.9.1' },
      agent: { url: 'http://192.168.1.20:8765', version: '0.1.0', roles: ['power'], id: null },
      relayUrl: null,
      shutdownUrl: null,
      foundBy: ['asked'],
      nodeId: null,
    });
    expect(http.asked.sort()).toEqual([
      'http://192.168.1.20:11434/api/version',
      'http://192.168.1.20:8765/health',
      'http://192.168.1.20:9753/health',
    ]);
  });

  it('finds an existing relay and an existing shutdown server, and takes a worker on 8765 for neither', async () => {
    const relay = { '/health': { status: 'ok', gpu_pc_reachable: false, gpu_pc_ip: '192.168.1.20' } };
    const shutdown = { '/health': { status: 'ok', service: 'gpu-shutdown' } };
    const worker = { '/health': { status: 'ok', gpu_available: true, directml_available: true } };
    const { inspect } = createWorld({
      'http://192.168.1.2:9753': relay,
      'http://192.168.1.2:8765': shutdown,
      'http://192.168.1.3:8765': worker,
    });
    expect(await inspect('192.168.1.2')).toMatchObject({
      agent: null,
      relayUrl: 'http://192.168.1.2:9753',
      shutdownUrl: 'http://192.168.1.2:8765',
    });
    expect(await inspect('192.168.1.3')).toMatchObject({ agent: null, relayUrl: null, shutdownUrl: null });
  });

  it('offers the relay role of an agent at its own port as a relay', async () => {
    const relayRole = {
      '/health': { agent: 'pilotlight', version: '0.1.0', roles: ['relay'], gpu_pc_ip: null },
    };
    const { inspect } = createWorld({
      'http://192.168.1.2:8765': agent,
      'http://192.168.1.2:9753': relayRole,
      'http://192.168.1.3:9753': relayRole,
    });
    expect(await inspect('192.168.1.2')).toMatchObject({
      agent: { url: 'http://192.168.1.2:8765', roles: ['power'] },
      relayUrl: 'http://192.168.1.2:9753',
    });
    expect(await inspect('192.168.1.3')).toMatchObject({
      agent: { url: 'http://192.168.1.3:9753', roles: ['relay'] },
      relayUrl: null,
    });
  });

  it('asks the port in the address for everything, and keeps the name as it was entered', async () => {
    const { inspect } = createWorld(
      { 'https://gpu-box.lan/ollama': ollama, 'http://gpu-box.lan:8765': agent },
      { names: { 'gpu-box.lan': ['192.168.1.20'] } },
    );
    expect(await inspect('https://gpu-box.lan/ollama/')).toMatchObject({
      address: '192.168.1.20',
      name: 'gpu-box.lan',
      ollama: { url: 'https://gpu-box.lan/ollama' },
      agent: { url: 'http://gpu-box.lan:8765' },
    });
  });

  it.each<[string, unknown, string]>([
    ['a locked door', { status: 401, text: '{"detail":"Not authenticated"}' }, 'SERVER_LOCKED'],
    ['a login page', '<html><input type="password"></html>', 'SERVER_LOCKED'],
    ['a redirect', { status: 308, headers: { location: 'https://192.168.1.20/' } }, 'SERVER_REDIRECTS'],
    ['an old server', { version: '0.1.36' }, 'SERVER_TOO_OLD'],
  ])('names %s', async (_, version, code) => {
    const { inspect } = createWorld({ 'http://192.168.1.20:11434': { '/api/version': version } });
    expect(await inspect('192.168.1.20')).toMatchObject({ problem: { code } });
  });

  it('has nothing against a server that answers', async () => {
    const { inspect } = createWorld({
      'http://192.168.1.20:11434': ollama,
      'http://192.168.1.20:8080': { '/api/version': { status: 401, text: '' } },
    });
    expect(await inspect('192.168.1.20:8080')).not.toHaveProperty('problem');
  });

  it('prefers the agent to the neighbour table', async () => {
    const machine: AgentMachine = {
      hostname: 'tower',
      bootId: 'b',
      interfaces: [
        {
          name: 'eno1',
          mac: '02:aa:bb:cc:dd:ee',
          address: '192.168.1.20',
          netmask: '255.255.255.0',
          broadcast: '192.168.1.255',
          wakeArmed: true,
        },
      ],
      ollama: { answers: true, version: null, startedAt: null, gpuFound: null },
    };
    const { inspect } = createWorld(
      { 'http://192.168.1.20:8765': agent },
      { machine, neighbours: [{ address: '192.168.1.20', mac: '02:00:00:00:00:20' }] },
    );
    expect(await inspect('192.168.1.20')).toMatchObject({ name: 'tower', mac: '02:AA:BB:CC:DD:EE' });
  });

  it('finds the node that it already is: by its server, its MAC address, its host', async () => {
    const nodes: KnownNode[] = [
      { id: 'by-url', url: 'http://192.168.1.20:11434', agentUrl: null, mac: null, hosts: ['192.168.1.20'] },
      {
        id: 'by-mac',
        url: 'http://old.lan:11434',
        agentUrl: null,
        mac: '02:00:00:00:00:21',
        hosts: ['old.lan'],
      },
      { id: 'by-host', url: 'http://192.168.1.22:9000', agentUrl: null, mac: null, hosts: ['192.168.1.22'] },
    ];
    const sites = Object.fromEntries([20, 21, 22, 23].map((n) => [`http://192.168.1.${n}:11434`, ollama]));
    const neighbours = [{ address: '192.168.1.21', mac: '02:00:00:00:00:21' }];
    const { inspect } = createWorld(sites, { nodes, neighbours });
    const ids = [];
    for (const n of [20, 21, 22, 23]) ids.push((await inspect(`192.168.1.${n}`)).nodeId);
    expect(ids).toEqual(['by-url', 'by-mac', 'by-host', null]);
  });

  it('distinguishes a machine that is on without any of them from one that does not answer', async () => {
    const { inspect } = createWorld({
      'http://192.168.1.20:*': 'refused',
      'http://192.168.1.21:*': 'silent',
    });
    expect(await inspect('192.168.1.20')).toMatchObject({ ollama: null, agent: null, foundBy: ['asked'] });
    await expect(inspect('192.168.1.21')).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    await expect(inspect('192.168.1.22')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await expect(inspect('nobody.lan')).rejects.toMatchObject({ code: 'NAME_NOT_RESOLVED' });
    await expect(inspect('http://user:pass@x')).rejects.toMatchObject({
      code: 'BAD_URL',
      details: { field: 'address' },
    });
  });

  it.each([
    ['HTML', '<!doctype html><title>Router</title>'],
    ['half a JSON', '{"version": "0.'],
    ['a list', '[]'],
    ['another shape', '{"version": {"major": 1}, "agent": ["pilotlight"], "roles": "all"}'],
  ])('takes %s for nothing that it knows', async (_, text) => {
    const site = { '/api/version': text, '/health': text };
    const { inspect } = createWorld({ 'http://192.168.1.20:*': site });
    expect(await inspect('192.168.1.20')).toMatchObject({
      ollama: null,
      agent: null,
      relayUrl: null,
      shutdownUrl: null,
    });
  });
});
