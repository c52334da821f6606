/** The Udp port on node:dgram. Packets are built by wake_on_lan; SecureOn, which it lacks, is added here. */
import dgram from 'node:dgram';
import os from 'node:os';
import wakeOnLan from 'wake_on_lan';
import { parseMac, secureOnBytes } from '../../../shared/network/mac.ts';
import type { NetworkInterface, Udp } from '../../core/ports/network.ts';

export function createDgramUdp(): Udp {
  return { send, interfaces: readInterfaces, magicPacket };
}

/** Six bytes FF, the MAC sixteen times, and the SecureOn password if there is one. */
function magicPacket(mac: string, secureOn: string | null): Uint8Array {
  const packet = wakeOnLan.createMagicPacket(parseMac(mac) ?? mac);
  if (secureOn === null) return packet;
  const password = secureOnBytes(secureOn);
  // Callers have validated it; a packet with half a password would wake nothing.
  if (password === null) throw new TypeError('Not a SecureOn password.');
  return Buffer.concat([packet, Uint8Array.from(password)]);
}

function send(payload: Uint8Array, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4');
    let closed = false;
    const finish = (error: Error | null) => {
      if (closed) return;
      closed = true;
      socket.close();
      if (error) reject(error);
      else resolve();
    };
    socket.once('error', finish);
    socket.bind(0, () => {
      try {
        socket.setBroadcast(true);
        socket.send(payload, port, address, (error) => finish(error));
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

function readInterfaces(): NetworkInterface[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter((entry) => entry.family === 'IPv4')
      .map(({ address, netmask, internal }) => ({ name, address, netmask, internal })),
  );
}
