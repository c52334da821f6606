import { describe, expect, it } from 'vitest';
import { ANNOUNCED_MS, MOST_CONNECTIONS } from '../../../../electron/core/discovery/scan.ts';
import { createDiscoveryService } from '../../../../electron/core/discovery/service.ts';
import type { NetworkInterface, Surroundings } from '../../../../electron/core/ports/network.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeHttp, type FakeSite } from '../../../fakes/http.ts';
import { createRememberingLog } from '../../../fakes/transport.ts';

const lan: NetworkInterface = {
  name: 'eth0',
  address: '192.168.1.5',
  netmask: '255.255.255.0',
  internal: false,
};
const lab: NetworkInterface = {
  name: 'eth1',
  address: '10.7.0.9',
  netmask: '255.255.255.240',
  internal: false,
};
const wide: NetworkInterface = {
  name: 'br0',
  address: '172.17.0.1',
  netmask: '255.255.0.0',
  internal: false,
};
const ollama: FakeSite = { '/api/version': { version: '0.9.1' } };
const agent: FakeSite = { '/health': { agent: 'pilotlight', version: '0.1.0', roles: ['power'], id: 'a1' } };

type Announcement = Parameters<Parameters<Surroundings['announced']>[1]>[0];

function createWorld(
  options: {
    interfaces?: NetworkInterface[];
    sites?: Record<string, FakeSite>;
    neighbours?: () => { address: string; mac: string }[];
    announced?: Announcement[];
    failed?: { interface: string; reason: string }[];
    nodes?: Partial<NodeView>[];
    /** Looks at ports stay open until the test lets them go. */
    held?: boolean;
  } = {},
) {
  const clock = createFakeClock();
  const nodes = [...(options.nodes ?? [])];
  const http = createFakeHttp(options.sites ?? {});
  const log = createRememberingLog();
  const probed: string[] = [];
  const calls: string[] = [];
  const open = { now: 0, most: 0 };
  const releases: (() => void)[] = [];
  const surroundings: Surroundings = {
    async neighbours() {
      calls.push('neighbours');
      return options.neighbours?.() ?? [];
    },
    announced({ interfaces }, onFound, signal) {
      calls.push(`announced ${interfaces.join(' ')}`);
      for (const one of options.announced ?? []) onFound(one);
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(options.failed ?? []), { once: true }),
      );
    },
    async accepts(address, port, _timeoutMs, signal) {
      probed.push(`${address}:${port}`);
      open.now += 1;
      open.most = Math.max(open.most, open.now);
      try {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          if (options.held) releases.push(resolve);
          else setImmediate(resolve);
        });
      } finally {
        open.now -= 1;
      }
      return `http://${address}:${port}` in (options.sites ?? {});
    },
    async resolve(name) {
      calls.push(`resolve ${name}`);
      return name === 'tower.lan' ? ['192.168.1.40'] : [];
    },
  };
  const streams = createStreams({ clock, epoch: 'run' });
  const discovery = createDiscoveryService({
    clock,
    log,
    http,
    udp: { interfaces: () => options.interfaces ?? [lan, lab] },
    surroundings,
    streams,
    fleet: { list: () => nodes as NodeView[] },
    agentMachine: async () => null,
  });
  const status = () => streams.discovery.get('status');
  async function ended() {
    while (status()?.state === 'running') await clock.advance(ANNOUNCED_MS);
    return status();
  }
  return { clock, http, log, discovery, status, ended, probed, calls, open, releases, surroundings, nodes };
}

const everything = { announced: true, neighbours: true };

describe('searching for machines', () => {
  it('sends nothing and reads nothing before a person asks', async () => {
    const world = createWorld({
      nodes: [{ id: 'n', url: 'http://tower.lan:11434', agentUrl: null, mac: null }],
    });
    expect(world.status()).toMatchObject({ state: 'never', found: [], total: 0 });
    expect(world.discovery.networks().map(({ subnet }) => subnet)).toEqual(['192.168.1.0/24', '10.7.0.0/28']);
    await world.clock.advance(3_600_000);
    expect([world.probed, world.calls, world.http.asked]).toEqual([[], [], []]);
  });

  it('checks three ports of each address in the chosen networks, and of no other', async () => {
    const world = createWorld();
    world.discovery.start({ subnets: ['10.7.0.0/28'], announced: false, neighbours: false });
    const done = await world.ended();
    const hosts = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14];
    expect(world.probed.toSorted()).toEqual(
      hosts.flatMap((n) => [11434, 8765, 9753].map((port) => `10.7.0.${n}:${port}`)).toSorted(),
    );
    expect(done).toMatchObject({ state: 'done', done: 39, total: 39, found: [], notes: [] });
    expect([world.calls, world.http.asked]).toEqual([[], []]);
  });

  it('never has more than 64 connections open at once', async () => {
    const world = createWorld({ held: true });
    world.discovery.start({ subnets: ['192.168.1.0/24'], announced: false, neighbours: false });
    await world.clock.flush();
    expect(world.open.now).toBe(MOST_CONNECTIONS);
    for (let next = world.releases.shift(); next; next = world.releases.shift()) {
      next();
      await world.clock.flush(1);
    }
    expect((await world.ended())?.done).toBe(253 * 3);
    expect(world.open.most).toBe(MOST_CONNECTIONS);
  });

  it('stops at once, keeps what was found, and can be started again', async () => {
    const world = createWorld({
      held: true,
      neighbours: () => [{ address: '192.168.1.20', mac: '02:00:00:00:00:20' }],
    });
    world.discovery.start({ subnets: ['192.168.1.0/24'], ...everything });
    await world.clock.flush();
    expect(() => world.discovery.start({ subnets: [], ...everything })).toThrow(
      expect.objectContaining({ code: 'DISCOVERY_RUNNING' }),
    );
    expect(world.discovery.cancel()).toMatchObject({
      state: 'cancelled',
      found: [{ address: '192.168.1.20' }],
    });
    await world.clock.flush();
    expect(world.open.now).toBe(0);
    const after = world.probed.length;
    await world.clock.advance(60_000);
    expect(world.probed).toHaveLength(after);
    expect(world.status()).toMatchObject({ state: 'cancelled' });
    expect(world.discovery.start({ subnets: [], announced: false, neighbours: false }).state).toBe('running');
    expect(await world.ended()).toMatchObject({
      state: 'done',
      found: [],
      notes: [fact('NO_NETWORK_CHOSEN')],
    });
  });

  it('merges the answers of an address, fills in MAC and broadcast addresses, and marks known nodes', async () => {
    let spoken = false;
    const world = createWorld({
      sites: {
        'http://192.168.1.20:11434': ollama,
        'http://192.168.1.20:8765': agent,
        'http://192.168.1.40:11434': ollama,
        'http://192.168.1.50:8765': { '/health': { status: 'ok' } },
      },
      neighbours: () => {
        const all = [
          { address: '192.168.1.30', mac: '02:00:00:00:00:30' },
          { address: '192.168.1.5', mac: '02:00:00:00:00:05' },
          { address: '203.0.113.4', mac: '02:00:00:00:00:99' },
        ];
        if (spoken) all.push({ address: '192.168.1.20', mac: '02:00:00:00:00:20' });
        spoken = true;
        return all;
      },
      announced: [{ address: '192.168.1.20', port: 8765, name: 'tower', txt: { roles: 'power', id: 'a1' } }],
      nodes: [{ id: 'n', url: 'http://tower.lan:11434', agentUrl: null, mac: null }],
    });
    world.discovery.start({ subnets: ['192.168.1.0/24'], ...everything });
    const done = await world.ended();
    expect(done?.found).toEqual([
      {
        address: '192.168.1.20',
        name: 'tower',
        mac: '02:00:00:00:00:20',
        broadcast: '192.168.1.255',
        ollama: { url: 'http://192.168.1.20:11434', version: '0.9.1' },
        agent: { url: 'http://192.168.1.20:8765', version: '0.1.0', roles: ['power'], id: 'a1' },
        relayUrl: null,
        shutdownUrl: null,
        foundBy: ['announced', 'ports'],
        nodeId: null,
      },
      expect.objectContaining({ address: '192.168.1.40', nodeId: 'n', foundBy: ['ports'] }),
      expect.objectContaining({
        address: '192.168.1.30',
        mac: '02:00:00:00:00:30',
        ollama: null,
        foundBy: ['neighbours'],
      }),
    ]);
    expect(done).toMatchObject({ state: 'done', done: done?.total, notes: [] });
    expect(world.calls).toContain('announced 192.168.1.5');
  });

  it('offers an agent at an unusual port as it announces itself, and asks nothing outside the chosen networks', async () => {
    const world = createWorld({
      announced: [
        {
          address: '10.7.0.2',
          port: 9000,
          name: 'lab',
          txt: { roles: 'relay,power', version: '0.1.0', id: 'x' },
        },
        { address: '203.0.113.7', port: 8765, name: 'far', txt: {} },
      ],
    });
    world.discovery.start({ subnets: ['10.7.0.0/28'], announced: true, neighbours: false });
    const done = await world.ended();
    expect(done?.found).toMatchObject([
      {
        address: '10.7.0.2',
        agent: { url: 'http://10.7.0.2:9000', roles: ['relay', 'power'], version: '0.1.0', id: 'x' },
        foundBy: ['announced'],
      },
    ]);
    expect(world.http.asked).toEqual(['http://10.7.0.2:9000/health']);
  });

  it('searches a network that is too large only for its neighbours, and reports that', async () => {
    const world = createWorld({
      interfaces: [wide],
      sites: { 'http://172.17.9.9:11434': ollama },
      neighbours: () => [{ address: '172.17.9.9', mac: '02:00:00:00:00:09' }],
    });
    expect(world.discovery.networks()).toMatchObject([{ subnet: '172.17.0.0/16', tooLarge: true }]);
    world.discovery.start({ subnets: ['172.17.0.0/16'], announced: false, neighbours: true });
    const done = await world.ended();
    expect(world.probed).toEqual(['172.17.9.9:11434', '172.17.9.9:8765', '172.17.9.9:9753']);
    expect(done).toMatchObject({
      done: 4,
      total: 4,
      found: [{ address: '172.17.9.9', ollama: {}, foundBy: ['neighbours', 'ports'] }],
    });
    expect(done?.notes).toEqual([fact('NETWORK_TOO_LARGE', { subnet: '172.17.0.0/16', hosts: 65_534 })]);
  });

  it('reports what could not be searched, and continues with the rest', async () => {
    const world = createWorld({
      neighbours: () => {
        throw new Error('no such tool');
      },
      failed: [{ interface: '10.7.0.9', reason: 'address in use' }],
      sites: { 'http://10.7.0.3:11434': ollama },
    });
    world.discovery.start({ subnets: ['10.7.0.0/28'], ...everything });
    const done = await world.ended();
    expect(done).toMatchObject({ state: 'done', found: [{ address: '10.7.0.3', mac: null }] });
    expect(done?.notes).toEqual([
      fact('NEIGHBOURS_UNREADABLE'),
      fact('ANNOUNCEMENTS_NOT_HEARD', { address: '10.7.0.9', reason: 'address in use' }),
    ]);
    expect(world.log.lines).toEqual([]);
  });

  it('refuses a network that this computer is not on', () => {
    const world = createWorld();
    expect(() => world.discovery.start({ subnets: ['203.0.113.0/24'], ...everything })).toThrow(
      expect.objectContaining({ code: 'BAD_SUBNET' }),
    );
    expect(world.status()?.state).toBe('never');
  });
});

describe('a core that stops', () => {
  it('waits for a cancelled search that is still ending, even if another one has started since', async () => {
    const world = createWorld({ nodes: [] });
    const gate = Promise.withResolvers<void>();
    const { resolve } = world.surroundings;
    const ends: string[] = [];
    world.surroundings.resolve = async (name, limit) => {
      await gate.promise;
      ends.push('first');
      return resolve(name, limit);
    };
    world.nodes.push({ id: 'n', url: 'http://tower.lan:11434', agentUrl: null, mac: null });
    const nothing = { subnets: [], announced: false, neighbours: false };
    world.discovery.start(nothing);
    await world.clock.flush();
    world.discovery.cancel();
    world.nodes.length = 0;
    world.discovery.start(nothing);
    const stopped = world.discovery.stop().then(() => ends.push('stopped'));
    await world.clock.flush();
    expect(ends).toEqual([]);
    gate.resolve();
    await stopped;
    expect(ends).toEqual(['first', 'stopped']);
  });
});
