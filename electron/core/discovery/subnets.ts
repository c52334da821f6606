/** The networks that this computer is on, as far as they can be looked at. Pure. */
import type { Network } from '../../../shared/models/discovery.ts';
import { parseIpv4 } from '../fleet/validate.ts';
import type { NetworkInterface } from '../ports/network.ts';
import { directedBroadcast } from '../wake/destinations.ts';

/** In a larger network no address is tried one by one. */
export const MOST_HOSTS = 1024;

/** Each network once, in the order of the interfaces; links of two addresses or one have nobody to find. */
export function networksOf(interfaces: readonly NetworkInterface[]): Network[] {
  const networks = new Map<string, Network>();
  for (const { name, address, netmask, internal } of interfaces) {
    const range = internal ? null : rangeOf(address, netmask);
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

/** Every address of a network but its own name, its broadcast, and those of this computer; none where it is too large. */
export function hostsOf(network: Network, own: ReadonlySet<string>): string[] {
  const range = parseSubnet(network.subnet);
  if (range === null || network.tooLarge) return [];
  return Array.from({ length: range.size - 2 }, (_, index) => toAddress(range.first + 1 + index)).filter(
    (address) => !own.has(address),
  );
}

/** Whether an address is one of a machine in that network. */
export function isIn(subnet: string, address: string): boolean {
  const range = parseSubnet(subnet);
  const value = toNumber(address);
  if (range === null || value === null) return false;
  return value > range.first && value < range.first + range.size - 1;
}

/** The broadcast address of the network of this computer that an address is in; null where it is in none. */
export function broadcastOf(address: string, interfaces: readonly NetworkInterface[]): string | null {
  for (const one of interfaces) {
    const range = one.internal ? null : rangeOf(one.address, one.netmask);
    if (range !== null && isIn(range.subnet, address)) return directedBroadcast(one.address, one.netmask);
  }
  return null;
}

interface Range {
  subnet: string;
  first: number;
  size: number;
}

function rangeOf(address: string, netmask: string): Range | null {
  const host = toNumber(address);
  const mask = toNumber(netmask);
  if (host === null || mask === null) return null;
  const hostPart = ~mask >>> 0;
  // A mask is ones and then zeros; anything else is no network.
  if ((hostPart & (hostPart + 1)) !== 0) return null;
  const first = (host & mask) >>> 0;
  return { subnet: `${toAddress(first)}/${32 - Math.log2(hostPart + 1)}`, first, size: hostPart + 1 };
}

function parseSubnet(subnet: string): Range | null {
  const [address = '', prefix = ''] = subnet.split('/');
  if (!/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return null;
  const size = 2 ** (32 - Number(prefix));
  const value = toNumber(address);
  return value === null ? null : { subnet, first: value - (value % size), size };
}

function toNumber(address: string): number | null {
  const parsed = parseIpv4(address);
  return parsed === null ? null : parsed.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

const toAddress = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
