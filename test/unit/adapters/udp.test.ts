import dgram from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createDgramUdp } from '../../../electron/adapters/network/udp.ts';

const udp = createDgramUdp();
const mac = '00:00:5E:00:53:01';
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const plain = 'ff'.repeat(6) + '00005e005301'.repeat(16);

describe('a magic packet', () => {
  it('is six bytes FF and the MAC sixteen times', () => {
    expect(hex(udp.magicPacket(mac, null))).toBe(plain);
    // wake_on_lan by itself breaks on dots.
    expect(hex(udp.magicPacket('0000.5e00.5301', null))).toBe(plain);
  });

  it('ends with the SecureOn password where there is one', () => {
    expect(hex(udp.magicPacket(mac, '10.20.30.255'))).toBe(`${plain}0a141eff`);
    expect(hex(udp.magicPacket(mac, 'AA:BB:CC:DD:EE:FF'))).toBe(`${plain}aabbccddeeff`);
  });
});

describe('sending', () => {
  it('reaches a socket on loopback', async () => {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const received = once(socket, 'message');
    await udp.send(udp.magicPacket(mac, null), socket.address().port, '127.0.0.1');
    const [message] = (await received) as [Buffer];
    expect(hex(message)).toBe(plain);
    socket.close();
  });

  it('rejects with what the system says, once', async () => {
    // Longer than any datagram, so the system refuses it before anything leaves.
    await expect(udp.send(new Uint8Array(70_000), 9, '127.0.0.1')).rejects.toThrow(/EMSGSIZE/);
    await expect(udp.send(new Uint8Array(1), 70_000, '127.0.0.1')).rejects.toThrow();
  });

  it('knows this computer’s own interfaces, IPv4 only', () => {
    const interfaces = udp.interfaces();
    expect(interfaces).toContainEqual(expect.objectContaining({ address: '127.0.0.1', internal: true }));
    expect(interfaces.every(({ address }) => /^\d+\.\d+\.\d+\.\d+$/.test(address))).toBe(true);
  });
});
