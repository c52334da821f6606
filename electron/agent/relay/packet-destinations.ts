/** Where a relay sends its packets. Pure. */
import { directedBroadcasts, type Ipv4Interface } from '../../../shared/network/broadcast.ts';

/**
 * Each destination once: the configured addresses, or the directed broadcast address of each interface.
 * 255.255.255.255 is used only if configured: on some systems it leaves by one interface only.
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
