/** Sends wake packets to every destination once; a failure does not stop the others. */
import type { WakeProgress } from '../../../shared/models/wake.ts';
import type { WakeTarget } from '../fleet/wakeable.ts';
import type { Udp } from '../ports/network.ts';
import { wakeDestinations } from './destinations.ts';

export interface PacketRound {
  sent: number;
  failed: WakeProgress['failedDestinations'];
}

export async function sendPackets(
  udp: Udp,
  target: WakeTarget & { mac: string; secureOn: string | null },
): Promise<PacketRound> {
  const packet = udp.magicPacket(target.mac, target.secureOn);
  const destinations = wakeDestinations(target, udp.interfaces());
  const results = await Promise.allSettled(
    destinations.map(({ address, port }) => udp.send(packet, port, address)),
  );
  const failed = results.flatMap((result, index) => {
    const destination = destinations[index];
    if (result.status === 'fulfilled' || !destination) return [];
    return [{ destination: `${destination.address}:${destination.port}`, reason: textOf(result.reason) }];
  });
  return { sent: results.length - failed.length, failed };
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
