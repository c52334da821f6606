/** Does what QEMU's network cards do not: a magic packet starts or wakes the machine. */
import { createSocket } from 'node:dgram';
import { type Guest, guestMac, ports } from './guest.ts';

export interface Waker {
  /** What each magic packet did, in order. */
  readonly did: readonly string[];
  stop(): void;
}

export async function startWaker(guest: Guest): Promise<Waker> {
  const did: string[] = [];
  const mac = Buffer.from(guestMac.replaceAll(':', ''), 'hex');
  const magic = Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => mac)]);
  const socket = createSocket('udp4');
  let working: Promise<void> = Promise.resolve();
  socket.on('message', (packet) => {
    if (!packet.includes(magic)) return;
    working = working.then(async () => {
      did.push(await guest.wake().catch((error: unknown) => String(error)));
    });
  });
  await new Promise<void>((resolve) => socket.bind(ports.wake, '127.0.0.1', resolve));
  return { did, stop: () => socket.close() };
}
