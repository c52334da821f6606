/** Where a relay sends its packets. Pure. */
import { directedBroadcasts, type Ipv4Interface } from '../../../shared/network/broadcast.ts';

/**
 * Every destination once: the addresses the person named, else the directed broadcast of each interface.
 * 255.255.255.255 is used only where it is named: it leaves by one interface only on some systems.
 */
export function packetDestinations({
  interfaces,
  broadcasts,
  ports,
}: {
  interfaces: readonly Ipv4Interface[];
  broadcasts: readonly string[];
  ports: readonly number[];
}): { address: string; port: number }[] {
  const addresses = new Set(broadcasts.length > 0 ? broadcasts : directedBroadcasts(interfaces));
  return [...addresses].flatMap((address) => [...new Set(ports)].map((port) => ({ address, port })));
}
