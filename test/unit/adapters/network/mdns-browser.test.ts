import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../../electron/adapters/network/mdns/decode.ts';
import { encodeResponse } from '../../../../electron/adapters/network/mdns/encode.ts';
import type { MulticastOptions, OpenMulticast } from '../../../../electron/adapters/network/mdns/socket.ts';
import { AGENT_SERVICE, browseAgents } from '../../../../electron/adapters/network/mdns-browser.ts';

const answer = (name: string, address: string, kind = AGENT_SERVICE) =>
  encodeResponse({
    answers: [{ name: kind, ttl: 120, unique: false, type: 'PTR', target: `${name}.${kind}` }],
    additionals: [
      { name: `${name}.${kind}`, ttl: 120, unique: true, type: 'SRV', target: `${name}.local`, port: 8765 },
      { name: `${name}.${kind}`, ttl: 120, unique: true, type: 'TXT', txt: { roles: 'power' } },
      { name: `${name}.local`, ttl: 120, unique: true, type: 'A', address },
    ],
  });

function createGroup(refused: Record<string, string> = {}) {
  const sockets: MulticastOptions[] = [];
  const asked: { from: string; to: string; bytes: Uint8Array }[] = [];
  let closed = 0;
  const open: OpenMulticast = async (options) => {
    const reason = refused[options.interfaceAddress];
    if (reason !== undefined) throw new Error(reason);
    sockets.push(options);
    return {
      async send(bytes, port, address) {
        asked.push({ from: options.interfaceAddress, to: `${address}:${port}`, bytes });
      },
      close() {
        closed += 1;
      },
    };
  };
  return { sockets, asked, open, closed: () => closed };
}

describe('asking who announces itself', () => {
  it('asks on the named interfaces alone, by a port of its own, and tells each agent once', async () => {
    const group = createGroup();
    const controller = new AbortController();
    const found: unknown[] = [];
    const interfaces = ['192.168.1.5', '10.7.0.9'];
    const ended = browseAgents({ interfaces }, (one) => found.push(one), controller.signal, group.open);
    await new Promise(setImmediate);
    expect(group.sockets.map(({ interfaceAddress, listen }) => [interfaceAddress, listen])).toEqual([
      ['192.168.1.5', 'answers'],
      ['10.7.0.9', 'answers'],
    ]);
    expect(group.asked.map(({ from, to }) => [from, to])).toEqual(
      interfaces.map((address) => [address, '224.0.0.251:5353']),
    );
    expect(decodeMessage(group.asked[0]?.bytes ?? new Uint8Array())?.questions).toEqual([
      { name: AGENT_SERVICE, type: 'PTR', unicast: true },
    ]);
    const [socket] = group.sockets;
    const from = { address: '192.168.1.20', port: 5353 };
    socket?.onMessage(answer('tower', '192.168.1.20'), from);
    socket?.onMessage(answer('tower', '192.168.1.20'), from);
    socket?.onMessage(answer('printer', '192.168.1.21', '_ipp._tcp.local'), from);
    socket?.onMessage(new Uint8Array([1, 2, 3]), from);
    controller.abort();
    socket?.onMessage(answer('late', '192.168.1.22'), from);
    expect(await ended).toEqual([]);
    expect(found).toEqual([{ name: 'tower', address: '192.168.1.20', port: 8765, txt: { roles: 'power' } }]);
    expect(group.closed()).toBe(2);
  });

  it('says which interface cannot be asked, and ends where none can', async () => {
    const group = createGroup({ '192.168.1.5': 'no multicast here' });
    const { signal } = new AbortController();
    const interfaces = ['192.168.1.5'];
    expect(await browseAgents({ interfaces }, () => {}, signal, group.open)).toEqual([
      { interface: '192.168.1.5', reason: 'no multicast here' },
    ]);
    expect(await browseAgents({ interfaces: [] }, () => {}, signal, group.open)).toEqual([]);
  });
});
