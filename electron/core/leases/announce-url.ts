/** Where an agent can say hello to this computer. Pure. */
import { hostOf, isLoopbackHost, parseIpv4 } from '../fleet/validate.ts';
import type { NetworkInterface } from '../ports/network.ts';

/**
 * The address of ours that lies in the agent's network, or, for one in another network, of our first interface;
 * null where there is none.
 */
export function helloUrl(
  agentUrl: string,
  interfaces: readonly NetworkInterface[],
  port: number | null,
): string | null {
  if (port === null) return null;
  const host = hostOf(agentUrl);
  if (isLoopbackHost(host)) return `http://127.0.0.1:${port}/hello`;
  const own = interfaces.filter(({ internal, address }) => !internal && parseIpv4(address) !== null);
  const near = own.find((one) => inNetwork(host, one)) ?? own[0];
  return near === undefined ? null : `http://${near.address}:${port}/hello`;
}

function inNetwork(host: string, { address, netmask }: NetworkInterface): boolean {
  const [one, other, mask] = [host, address, netmask].map(bytesOf);
  if (!one || !other || !mask) return false;
  return mask.every((bits, index) => ((one[index] ?? 0) & bits) === ((other[index] ?? 0) & bits));
}

function bytesOf(address: string): number[] | null {
  return parseIpv4(address)?.split('.').map(Number) ?? null;
}
