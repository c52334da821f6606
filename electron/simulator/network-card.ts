/** The network card of a simulated machine, which listens for magic packets in every power state. */
import { createSocket } from 'node:dgram';
import { macBytes, secureOnBytes } from '../../shared/network/mac.ts';
import { wakes } from './wake-packet.ts';

export interface NetworkCard {
  /** Where it receives magic packets, `host:port`. */
  destination: string;
  close(): Promise<void>;
}

/** Throws a TypeError for a bad MAC address. */
export async function openNetworkCard(
  setup: { mac: string; secureOn?: string },
  host: string,
  onWake: () => void,
): Promise<NetworkCard> {
  const mac = macBytes(setup.mac);
  if (!mac) throw new TypeError(`${setup.mac} is not a MAC address`);
  const secureOn = setup.secureOn === undefined ? null : secureOnBytes(setup.secureOn);
  const socket = createSocket('udp4');
  socket.on('message', (payload) => {
    if (wakes(payload, mac, secureOn)) onWake();
  });
  const port = await new Promise<number>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, host, () => resolve(socket.address().port));
  });
  return {
    destination: `${host}:${port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
