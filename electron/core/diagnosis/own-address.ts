/** Whether an address belongs to the computer that Pilotlight runs on. Pure. */
import { isLoopbackHost } from '../fleet/validate.ts';
import type { NetworkInterface } from '../ports/network.ts';

/** A server that listens everywhere is often entered by the address that it listens on. */
const unspecified = new Set(['0.0.0.0', '::']);

/**
 * `own`: an address of its adapters. `loopback`: may still lead to another machine, through a tunnel. `host` is a host
 * as in a URL, and `resolved` the IPv4 addresses of its name, empty for an address.
 */
export function placeOf(
  host: string,
  resolved: readonly string[],
  interfaces: readonly Pick<NetworkInterface, 'address' | 'internal'>[],
): 'elsewhere' | 'loopback' | 'own' {
  const addresses = [host, ...resolved];
  if (interfaces.some(({ address, internal }) => !internal && addresses.includes(address))) return 'own';
  return addresses.some((one) => isLoopbackHost(one) || unspecified.has(one)) ? 'loopback' : 'elsewhere';
}
