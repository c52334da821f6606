/** Whether an address belongs to the computer that Pilotlight runs on. Pure. */
import { isLoopbackHost } from '../fleet/validate.ts';
import type { NetworkInterface } from '../ports/network.ts';

/** A server that listens everywhere is often entered by the address that it listens on. */
const unspecified = new Set(['0.0.0.0', '::']);

/**
 * `loopback`: such an address may still lead to another machine, through a tunnel. `own`: an address of its adapters, or
 * its name, which many systems resolve to loopback. `host` is a host as in a URL, and `resolved` the IPv4 addresses of
 * its name, empty for an address.
 */
export function placeOf(
  host: string,
  resolved: readonly string[],
  interfaces: readonly Pick<NetworkInterface, 'address' | 'internal'>[],
): 'elsewhere' | 'loopback' | 'own' {
  if (isLoopbackHost(host) || unspecified.has(host)) return 'loopback';
  const addresses = [host, ...resolved];
  const isOwn =
    resolved.some(isLoopbackHost) ||
    interfaces.some(({ address, internal }) => !internal && addresses.includes(address));
  return isOwn ? 'own' : 'elsewhere';
}
