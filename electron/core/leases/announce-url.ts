/** Where an agent can say hello to this computer. Pure. */
import { HELLO_PATH } from '../../../shared/contract/agent/hello.ts';
import { readIpv4, sameNetwork } from '../../../shared/network/ipv4.ts';
import { hostOf, isLoopbackHost } from '../fleet/validate.ts';
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
  if (isLoopbackHost(host)) return `http://127.0.0.1:${port}${HELLO_PATH}`;
  const own = interfaces.filter(({ internal, address }) => !internal && readIpv4(address) !== null);
  const near = own.find(({ address, netmask }) => sameNetwork(host, address, netmask)) ?? own[0];
  return near === undefined ? null : `http://${near.address}:${port}${HELLO_PATH}`;
}
