/**
 * The core's own packets and its ways over a relay, in network namespaces that this test makes: a panel on two
 * subnets, a target on one of them, another one behind a relay. No packet leaves them. It needs root and iproute2;
 * see `findNamespaceTools`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeInput } from '../../../electron/core/fleet/records.ts';
import { fact } from '../../../shared/models/message.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { spawn } from '../../fakes/children.ts';
import { findNamespaceTools } from '../../fakes/namespaces.ts';
import { createPlace, startAgent } from '../agent/process.ts';

const tools = findNamespaceTools();
const waker = fileURLToPath(new URL('waker.ts', import.meta.url));
const panel = `pl-wp-${process.pid}`;
const near = `pl-wn-${process.pid}`;
const relay = `pl-wr-${process.pid}`;
const far = `pl-wf-${process.pid}`;
const spaces = [panel, near, relay, far];
const mac = '02:11:22:33:44:55';

/** What `wakeonlan 02:11:22:33:44:55` sends: six bytes FF, then the address sixteen times. Written out by hand. */
const magic = `${'ff'.repeat(6)}${'021122334455'.repeat(16)}`;
/** `etherwake -p 00:22:44:66:88:aa` and `-p 192.168.1.1` put the password behind it, as six and as four bytes. */
const sixBytes = { secureOn: '00:22:44:66:88:AA', hex: `${magic}0022446688aa` };
const fourBytes = { secureOn: '192.168.1.1', hex: `${magic}c0a80101` };

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

function connect(left: string, right: string, network: string, name: string): void {
  ip('link', 'add', `${name}0`, 'netns', left, 'type', 'veth', 'peer', 'name', `${name}1`, 'netns', right);
  for (const [space, host] of [
    [left, '1'],
    [right, '2'],
  ] as const) {
    const device = `${name}${space === left ? 0 : 1}`;
    ip('-n', space, 'addr', 'add', `${network}.${host}/24`, 'brd', '+', 'dev', device);
    ip('-n', space, 'link', 'set', device, 'up');
  }
}

/** Bound to the broadcast address itself: what comes was sent to the whole subnet. */
const listener = (broadcast: string) => `
const dgram = require('node:dgram');
let ready = 0;
for (const port of [9, 7]) {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (message, from) => console.log(JSON.stringify({ port, from: from.address, hex: message.toString('hex') })));
  socket.bind(port, ${JSON.stringify(broadcast)}, () => { ready += 1; if (ready === 2) console.log('ready'); });
}`;

interface Caught {
  port: number;
  from: string;
  hex: string;
}

/** Listens in a namespace while the core in the panel's wakes; the first packet at each port. */
async function wakeAndCatch(options: {
  space: string;
  broadcast: string;
  nodes: NodeInput[];
  byAgent?: boolean;
}): Promise<{ wake: WakeProgress; caught: Caught[] }> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-waker-'));
  const capture = spawn(
    'ip',
    ['netns', 'exec', options.space, process.execPath, '-e', listener(options.broadcast)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: capture.stdout })[Symbol.asyncIterator]();
  const order = JSON.stringify({ dataFolder, nodes: options.nodes, byAgent: options.byAgent ?? false });
  try {
    expect((await lines.next()).value).toBe('ready');
    const core = spawn('ip', ['netns', 'exec', panel, process.execPath, waker, order], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(core, 'exit');
    try {
      const [line] = (await once(createInterface({ input: core.stdout }), 'line')) as [string];
      const answer = JSON.parse(line) as { wake?: WakeProgress; error?: string };
      if (!answer.wake) throw new Error(answer.error);
      const caught = new Map<number, Caught>();
      while (caught.size < 2) {
        const { value } = await lines.next();
        const packet = JSON.parse(value ?? '') as Caught;
        caught.set(packet.port, packet);
      }
      return { wake: answer.wake, caught: [...caught.values()] };
    } finally {
      core.stdin.end();
      await ended;
    }
  } finally {
    capture.kill('SIGKILL');
    await once(capture, 'exit');
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

describe.skipIf(tools === null)('the core wakes, in network namespaces', () => {
  beforeAll(() => {
    for (const space of spaces) {
      ip('netns', 'add', space);
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
    connect(panel, near, '10.91.0', 'wa');
    connect(panel, relay, '10.92.0', 'wb');
    connect(relay, far, '10.93.0', 'wc');
  });

  afterAll(() => {
    for (const space of spaces) {
      try {
        ip('netns', 'del', space);
      } catch {
        // It was never made.
      }
    }
  });

  it.each<[string, string | null, string]>([
    ['a plain packet', null, magic],
    ['a SecureOn password of 6 bytes', sixBytes.secureOn, sixBytes.hex],
    ['a SecureOn password of 4 bytes', fourBytes.secureOn, fourBytes.hex],
  ])('%s reaches the target by the broadcast of its own subnet', async (_, secureOn, hex) => {
    const { wake, caught } = await wakeAndCatch({
      space: near,
      broadcast: '10.91.0.255',
      nodes: [{ url: 'http://10.91.0.2:11434', mac, ...(secureOn === null ? {} : { secureOn }) }],
    });
    expect(caught).toHaveLength(2);
    for (const packet of caught) expect(packet).toMatchObject({ from: '10.91.0.1', hex });
    // Without a default route the system refuses 255.255.255.255, which stops none of the others.
    expect(wake.failedDestinations.map(({ destination }) => destination)).toEqual([
      '255.255.255.255:9',
      '255.255.255.255:7',
    ]);
    expect(wake.packetsSent).toBeGreaterThanOrEqual(6);
  });

  it('the broadcast of every subnet that the panel is on gets the packet', async () => {
    const { caught } = await wakeAndCatch({
      space: relay,
      broadcast: '10.92.0.255',
      nodes: [{ url: 'http://10.91.0.2:11434', mac }],
    });
    for (const packet of caught) expect(packet).toMatchObject({ from: '10.92.0.1', hex: magic });
  });

  it.each([
    ['a plain packet', {}, magic],
    ['a SecureOn password', { secureOn: sixBytes.secureOn }, sixBytes.hex],
  ])('by a relay %s reaches a subnet that the panel is not on', async (_, config, hex) => {
    using place = createPlace(config);
    await using agent = await startAgent(
      place.folder,
      ['--role', 'relay', '--bind', '10.92.0.2', '--allow-mac', mac],
      ['ip', 'netns', 'exec', relay],
    );
    const { wake, caught } = await wakeAndCatch({
      space: far,
      broadcast: '10.93.0.255',
      nodes: [
        {
          url: 'http://10.93.0.2:11434',
          mac,
          wakeWays: [{ kind: 'relay', url: agent.url }],
          relayToken: agent.token,
        },
      ],
    });
    for (const packet of caught) expect(packet).toMatchObject({ from: '10.93.0.1', hex });
    expect(wake.ways).toEqual([
      { way: fact('WAKE_BY_RELAY', { host: new URL(agent.url).host }), failed: null },
    ]);
  });

  it('by the agent of another node it does so too', async () => {
    using place = createPlace();
    await using agent = await startAgent(
      place.folder,
      ['--role', 'relay', '--bind', '10.92.0.2', '--allow-mac', mac],
      ['ip', 'netns', 'exec', relay],
    );
    const { wake, caught } = await wakeAndCatch({
      space: far,
      broadcast: '10.93.0.255',
      byAgent: true,
      nodes: [
        { name: 'NAS', url: null, agentUrl: agent.url, agentToken: agent.token },
        { url: 'http://10.93.0.2:11434', mac },
      ],
    });
    for (const packet of caught) expect(packet).toMatchObject({ from: '10.93.0.1', hex: magic });
    expect(wake.ways).toEqual([{ way: fact('WAKE_BY_AGENT', { node: 'NAS' }), failed: null }]);
  });
});
