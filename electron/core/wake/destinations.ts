/** Where a wake packet goes. Pure. */
import { type Destination, hostOf, isLoopbackHost, parseIpv4 } from '../fleet/validate.ts';
import { isOnThisComputer, namedDestinations, type WakeTarget } from '../fleet/wakeable.ts';
import type { NetworkInterface } from '../ports/network.ts';

export interface PacketDestination {
  address: string;
  port: number;
}

/** The discard and echo ports: firmware takes either, routers sometimes let only one through. */
const USUAL_PORTS = [9, 7];
const LIMITED_BROADCAST = '255.255.255.255';

/** The broadcast address of an interface's own network, or null where there is none (/31, /32). */
export function directedBroadcast(address: string, netmask: string): string | null {
  const host = toNumber(address);
  const mask = toNumber(netmask);
  if (host === null || mask === null) return null;
  const hostBits = ~mask >>> 0;
  if (hostBits < 3) return null;
  return toAddress((host | hostBits) >>> 0);
}

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
  const broadcasts = interfaces
    .filter((one) => !one.internal)
    .flatMap((one) => directedBroadcast(one.address, one.netmask) ?? []);
  const lastKnown = [url === null ? '' : hostOf(url), ...lastAddresses].flatMap((address) => {
    const known = parseIpv4(address);
    return known === null || isLoopbackHost(known) ? [] : [known];
  });
  const addresses = [...broadcasts, LIMITED_BROADCAST, ...lastKnown];
  return addresses.map((address) => ({ address, port: null }));
}

function toNumber(address: string): number | null {
  const parsed = parseIpv4(address);
  return parsed === null ? null : parsed.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}
