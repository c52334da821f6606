/** Where a wake packet goes. Pure. */
import { directedBroadcasts } from '../../../shared/network/broadcast.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { type Destination, hostOf, isLoopbackHost } from '../fleet/validate.ts';
import { isOnThisComputer, namedDestinations, type WakeTarget } from '../fleet/wakeable.ts';
import type { NetworkInterface } from '../ports/network.ts';

export interface PacketDestination {
  address: string;
  port: number;
}

/** The discard and echo ports: firmware takes either, routers sometimes let only one through. */
const USUAL_PORTS = [9, 7];
const LIMITED_BROADCAST = '255.255.255.255';

/**
 * Every destination of a node's packets, each once: the directed broadcast of each interface, because
 * 255.255.255.255 leaves by one interface only on some systems; that one; the last known address; and what
 * the person named. A destination with a port is used with that port alone, others with 9 and 7.
 *
 * Nothing leaves this computer for a machine that is on it: a simulated node, or one whose URL or whose named
 * destinations are all on loopback, gets its packets at its named destinations only.
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
