/** The URL at which an agent can announce itself to this computer. Pure. */
import { HELLO_PATH } from '../../../shared/contract/agent/hello.ts';
import { readIpv4, sameNetwork } from '../../../shared/network/ipv4.ts';
import { hostOf, isLoopbackHost } from '../fleet/validate.ts';
import type { NetworkInterface } from '../ports/network.ts';

/** Uses this computer's address in the agent's network, else that of the first interface; null if there is none. */
export function announceUrl(
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
