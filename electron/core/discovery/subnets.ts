/** The networks that this computer is on, and the addresses to search there. Pure. */
import type { Network } from '../../../shared/models/discovery.ts';
import { formatIpv4, networkOf, parseSubnet } from '../../../shared/network/ipv4.ts';
import type { NetworkInterface } from '../ports/network.ts';

/** In a larger network, addresses are not checked one by one. */
export const MOST_HOSTS = 1024;

/** Each network once, in the order of the interfaces. A link with one or two addresses has no other machines. */
export function networksOf(interfaces: readonly NetworkInterface[]): Network[] {
  const networks = new Map<string, Network>();
  for (const { name, address, netmask, internal } of interfaces) {
    const range = internal ? null : networkOf(address, netmask);
    if (range === null || range.size < 4 || networks.has(range.subnet)) continue;
    const hosts = range.size - 2;
    networks.set(range.subnet, {
      subnet: range.subnet,
      interface: name,
      address,
      hosts,
      tooLarge: hosts > MOST_HOSTS,
    });
  }
  return [...networks.values()];
}

/** Every address of a network except its first, its broadcast and this computer's own; empty if it is too large. */
export function hostsOf(network: Network, own: ReadonlySet<string>): string[] {
  const range = parseSubnet(network.subnet);
  if (range === null || network.tooLarge) return [];
  return Array.from({ length: range.size - 2 }, (_, index) => formatIpv4(range.first + 1 + index)).filter(
    (address) => !own.has(address),
  );
}
