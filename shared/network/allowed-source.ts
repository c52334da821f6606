/** Which addresses may use a listener whose clients send no key. */
import { ipv4Number, parseSubnet, readIpv4, unmapIpv4 } from './ipv4.ts';

/** Whether it is an IPv4 address, or a network such as `192.168.1.0/24`. */
export const isAllowedSource = (text: string): boolean =>
  readIpv4(text) !== null || parseSubnet(text) !== null;

/** `address` as a socket reports it. Programs on the same machine are always allowed. */
export function isAllowed(address: string, allowed: readonly string[]): boolean {
  const value = ipv4Number(unmapIpv4(address));
  if (value === null) return address === '::1';
  if (value >>> 24 === 127) return true;
  return allowed.some((one) => {
    const network = parseSubnet(one);
    if (network === null) return ipv4Number(one) === value;
    return value >= network.first && value < network.first + network.size;
  });
}
