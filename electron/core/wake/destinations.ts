/** Where a wake packet goes. Pure. */
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { directedBroadcasts } from '../../../shared/network/broadcast.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { type Destination, hostOf, isLoopbackHost, parseDestination } from '../fleet/validate.ts';
import type { NetworkInterface } from '../ports/network.ts';

export interface PacketDestination {
  address: string;
  port: number;
}

export interface WakeTarget extends Pick<NodeRecord, 'kind' | 'url' | 'mac' | 'wakeDestinations'> {
  /** IPv4 addresses that its agent told while it was on: of a machine that is known by a name only. */
  lastAddresses?: readonly string[];
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
  const all = isLocalTarget(target, named) ? named : [...networkDestinations(target, interfaces), ...named];
  const unique = new Map<string, PacketDestination>();
  for (const { address, port } of all) {
    for (const one of port === null ? USUAL_PORTS : [port])
      unique.set(`${address}:${one}`, { address, port: one });
  }
  return [...unique.values()];
}

/** Whether it has a MAC address, and there is somewhere to send packets to. */
export function canSendPackets(target: WakeTarget): boolean {
  if (target.mac === null) return false;
  const named = namedDestinations(target);
  return !isLocalTarget(target, named) || named.length > 0;
}

function namedDestinations(target: WakeTarget): Destination[] {
  const named = target.wakeDestinations.map((text) => parseDestination(text));
  return target.kind === 'simulated' ? named.filter(isOnLoopback) : named;
}

function isLocalTarget({ kind, url }: WakeTarget, named: readonly Destination[]): boolean {
  if (kind === 'simulated') return true;
  if (url !== null && isLoopbackHost(hostOf(url))) return true;
  return named.length > 0 && named.every(isOnLoopback);
}

const isOnLoopback = ({ address }: Destination) => isLoopbackHost(address);

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
