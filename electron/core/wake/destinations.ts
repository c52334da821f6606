/** Where wake packets are sent. Pure. */
import { directedBroadcasts } from '../../../shared/network/broadcast.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { type Destination, hostOf, isLoopbackHost } from '../fleet/validate.ts';
import { isOnThisComputer, namedDestinations, type WakeTarget } from '../fleet/wakeable.ts';
import type { NetworkInterface } from '../ports/network.ts';

export interface PacketDestination {
  address: string;
  port: number;
}

/** The discard and echo ports: firmware accepts either, and some routers pass only one. */
const USUAL_PORTS = [9, 7];
const LIMITED_BROADCAST = '255.255.255.255';

/**
 * Every destination of a node's packets, without duplicates: the directed broadcast of each interface, because
 * some systems send 255.255.255.255 through one interface only; 255.255.255.255; the last known addresses; and the
 * configured destinations. A destination with a port is used with that port only, others with 9 and 7.
 *
 * A node on this computer (simulated, or with only loopback addresses) gets packets at its configured destinations only,
 * so that none leave this computer.
 */
export function wakeDestinations(
  target: WakeTarget,
  interfaces: readonly NetworkInterface[],
): PacketDestination[] {
  const named = namedDestinations(target);
  const all = isOnThisComputer(target, named)
    ? named
    : [...networkDestinations(target, interfaces), ...named];
  const unique = new Map<string, PacketDestination>();
  for (const { address, port } of all) {
    for (const one of port === null ? USUAL_PORTS : [port])
      unique.set(`${address}:${one}`, { address, port: one });
  }
  return [...unique.values()];
}

function networkDestinations(
  { url, lastAddresses = [] }: WakeTarget,
  interfaces: readonly NetworkInterface[],
): Destination[] {
  const lastKnown = [url === null ? '' : hostOf(url), ...lastAddresses].flatMap((address) => {
    const known = readIpv4(address);
    return known === null || isLoopbackHost(known) ? [] : [known];
  });
  const addresses = [...directedBroadcasts(interfaces), LIMITED_BROADCAST, ...lastKnown];
  return addresses.map((address) => ({ address, port: null }));
}
