import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../electron/adapters/network/mdns/decode.ts';
import { encodeQuery, encodeResponse } from '../../../electron/adapters/network/mdns/encode.ts';
import type { Message } from '../../../electron/adapters/network/mdns/message.ts';
import { servicesIn } from '../../../electron/adapters/network/mdns/services.ts';
import type { MulticastOptions } from '../../../electron/adapters/network/mdns/socket.ts';
import { createAnnouncer } from '../../../electron/agent/announce/announcer.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const SERVICE = '_pilotlight._tcp.local';
const wire = (name: string, address: string) => ({
  name,
  address,
  netmask: '255.255.255.0',
  internal: false,
});
const lan = wire('eth0', '192.168.1.30');
const asker = { address: '192.168.1.7', port: 5353 };

function createNetworks(now = [lan]) {
  const clock = createFakeClock();
  const open = new Map<string, MulticastOptions>();
  const sent: { at: string; port: number; to: string; message: Message }[] = [];
  const said: string[] = [];
  const networks = { now, refuse: null as Error | null };
  const announcer = createAnnouncer({
    clock,
    async open(options) {
      if (networks.refuse) throw networks.refuse;
      const own = options.interfaceAddress;
      open.set(own, options);
      return {
        async send(bytes, port, to) {
          const message = decodeMessage(bytes);
          if (message === null) throw new Error('It sent nonsense.');
          sent.push({ at: own, port, to, message });
        },
        close: () => open.delete(own),
      };
    },
    agent: {
      id: '3f9a12c4d5e6f7a8b9c0',
      hostname: 'gpu.box',
      version: '1.2.3',
      services: [{ roles: ['power', 'telemetry'], port: 8765 }],
    },
    interfaces: () => networks.now,
    log: (line) => said.push(line),
  });
  const ask = (bytes: Uint8Array, from = asker, at = lan.address) => open.get(at)?.onMessage(bytes, from);
  /** What was sent since the last look. */
  const taken = () => sent.splice(0);
  return { clock, announcer, ask, taken, open, networks, said };
}

describe('an agent that announces itself', () => {
  it('announces itself twice at first, and withdraws at the end', async () => {
    const { clock, announcer, taken, open } = createNetworks();
    await announcer.refresh();
    await clock.advance(600_000);
    const first = taken();
    expect(first).toHaveLength(2);
    for (const { message, to, port } of first) {
      expect({ to, port }).toEqual({ to: '224.0.0.251', port: 5353 });
      expect(servicesIn(message, SERVICE)).toEqual([
        {
          name: 'gpu.box 3f9a12',
          address: lan.address,
          port: 8765,
          txt: { id: '3f9a12c4d5e6f7a8b9c0', roles: 'power,telemetry', port: '8765', version: '1.2.3' },
        },
      ]);
    }
    announcer.stop();
    await clock.flush();
    expect(taken().map(({ message }) => message.records.every(({ ttl }) => ttl === 0))).toEqual([true]);
    expect(open.size).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('answers the group after a moment, once a second at most', async () => {
    const { clock, announcer, ask, taken } = createNetworks();
    await announcer.refresh();
    await clock.advance(10_000);
    taken();
    for (let times = 0; times < 50; times += 1) ask(encodeQuery([SERVICE]));
    expect(taken()).toEqual([]);
    await clock.advance(120);
    const [answer, ...others] = taken();
    expect(others).toEqual([]);
    expect(answer?.to).toBe('224.0.0.251');
    expect(answer && servicesIn(answer.message, SERVICE)).toHaveLength(1);
    ask(encodeQuery(['_SERVICES._dns-sd._udp.local']));
    ask(encodeQuery([SERVICE]));
    await clock.advance(800);
    expect(taken()).toEqual([]);
    await clock.advance(400);
    expect(taken().map(({ message }) => message.records.map(({ type }) => type))).toEqual([
      ['PTR', 'PTR', 'SRV', 'TXT', 'A'],
    ]);
  });

  it('answers a querier by unicast if requested, or if it uses plain DNS', async () => {
    const { clock, announcer, ask, taken } = createNetworks();
    await announcer.refresh();
    await clock.advance(10_000);
    taken();
    ask(encodeQuery([SERVICE], { unicast: true }));
    ask(encodeQuery([SERVICE], { id: 77 }), { address: asker.address, port: 40_123 });
    const [alone, plain] = taken();
    expect(alone).toMatchObject({ to: asker.address, port: 5353 });
    expect(plain).toMatchObject({ to: asker.address, port: 40_123, message: { id: 77 } });
    expect(plain?.message.questions).toMatchObject([{ name: SERVICE }]);
    expect(plain?.message.records.every(({ unique, ttl }) => !unique && ttl <= 10)).toBe(true);
    for (let times = 0; times < 1000; times += 1)
      ask(encodeQuery([SERVICE]), { address: asker.address, port: 40_123 });
    expect(taken().length).toBeLessThan(20);
    await clock.advance(1_000);
    ask(encodeQuery([SERVICE]), { address: asker.address, port: 40_123 });
    expect(taken()).toHaveLength(1);
  });

  it('ignores other networks, invalid messages, answers, and queriers that already know', async () => {
    const { clock, announcer, ask, taken } = createNetworks();
    await announcer.refresh();
    await clock.advance(10_000);
    const [known] = taken();
    ask(encodeQuery([SERVICE]), { address: '192.168.2.7', port: 5353 });
    ask(encodeQuery([SERVICE]), { address: '203.0.113.7', port: 9 });
    ask(new Uint8Array([1, 2, 3]));
    ask(encodeQuery(['_http._tcp.local', 'gpu.box.local']));
    const answers = known?.message.records ?? [];
    ask(encodeResponse({ answers }));
    const query = encodeQuery([SERVICE]);
    const withKnown = Buffer.concat([query, Buffer.from(encodeResponse({ answers })).subarray(12)]);
    withKnown.writeUInt16BE(answers.length, 6);
    expect(decodeMessage(withKnown)?.records).toEqual(answers);
    ask(withKnown);
    await clock.advance(10_000);
    expect(taken()).toEqual([]);
  });

  it('follows the interfaces, and joins a refused one as soon as possible', async () => {
    const { clock, announcer, ask, taken, open, networks, said } = createNetworks();
    networks.refuse = new Error('EADDRINUSE');
    await announcer.refresh();
    await clock.advance(120_000);
    expect(said).toEqual(['announce: not on 192.168.1.30: EADDRINUSE']);
    networks.refuse = null;
    networks.now = [lan, wire('eth1', '10.0.0.4')];
    await clock.advance(60_000);
    expect([...open.keys()].sort()).toEqual(['10.0.0.4', '192.168.1.30']);
    taken();
    ask(encodeQuery([SERVICE], { unicast: true }), { address: '10.0.0.9', port: 5353 }, '10.0.0.4');
    expect(taken().flatMap(({ message }) => servicesIn(message, SERVICE))).toMatchObject([
      { address: '10.0.0.4' },
    ]);
    networks.now = [lan];
    await clock.advance(60_000);
    expect([...open.keys()]).toEqual(['192.168.1.30']);
    open.get(lan.address)?.onError?.(new Error('ENETDOWN'));
    expect(open.size).toBe(0);
    await clock.advance(60_000);
    expect(open.size).toBe(1);
    announcer.stop();
  });
});
