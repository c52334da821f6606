/** Broadcast addresses of the networks that interfaces are in. */
import { formatIpv4, ipv4Number, networkOf, parseSubnet } from './ipv4.ts';

export interface Ipv4Interface {
  name: string;
  address: string;
  netmask: string;
  /** Loopback. */
  internal: boolean;
}

/** The broadcast address of an interface's own network; null where there is none (/31, /32). */
export function directedBroadcast(address: string, netmask: string): string | null {
  const [host, mask] = [ipv4Number(address), ipv4Number(netmask)];
  if (host === null || mask === null) return null;
  const hostBits = ~mask >>> 0;
  return hostBits < 3 ? null : formatIpv4((host | hostBits) >>> 0);
}

/** The directed broadcast of each interface except loopback, in their order; two interfaces may share one. */
export function directedBroadcasts(interfaces: readonly Ipv4Interface[]): string[] {
  return interfaces.flatMap(({ internal, address, netmask }) =>
    internal ? [] : (directedBroadcast(address, netmask) ?? []),
  );
}

/** Whether an address belongs to a machine in that network: its own address and its broadcast belong to none. */
export function isIn(subnet: string, address: string): boolean {
  const [network, value] = [parseSubnet(subnet), ipv4Number(address)];
  if (network === null || value === null) return false;
  return value > network.first && value < network.first + network.size - 1;
}

/** The broadcast address of the interface's network that contains an address; null where none does. */
export function broadcastOf(address: string, interfaces: readonly Ipv4Interface[]): string | null {
  for (const one of interfaces) {
    const network = one.internal ? null : networkOf(one.address, one.netmask);
    if (network !== null && isIn(network.subnet, address)) return directedBroadcast(one.address, one.netmask);
  }
  return null;
}
