/** IPv4 addresses and their networks. Only text that is exactly one address is read as one. */

/** Four decimal bytes, or null. Leading zeros are refused, because some systems read them as octal. */
export function ipv4Bytes(text: string): number[] | null {
  const parts = text.split('.');
  const valid =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return valid ? parts.map(Number) : null;
}

/** The address, which has one spelling only; null for anything else. */
export function readIpv4(text: string): string | null {
  return ipv4Bytes(text) === null ? null : text;
}

/** An address as an unsigned number of 32 bits, by which addresses are ordered; null for anything else. */
export function ipv4Number(text: string): number | null {
  return ipv4Bytes(text)?.reduce((sum, byte) => sum * 256 + byte, 0) ?? null;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

export interface Ipv4Network {
  /** `192.168.1.0/24` */
  subnet: string;
  /** Its own address, as a number. */
  first: number;
  /** How many addresses it has, its own and its broadcast address among them. */
  size: number;
}

/** The network of an interface; null where the mask is not ones followed by zeros. */
export function networkOf(address: string, netmask: string): Ipv4Network | null {
  const [host, mask] = [ipv4Number(address), ipv4Number(netmask)];
  if (host === null || mask === null) return null;
  const hostPart = ~mask >>> 0;
  if ((hostPart & (hostPart + 1)) !== 0) return null;
  const first = (host & mask) >>> 0;
  return { subnet: `${formatIpv4(first)}/${32 - Math.log2(hostPart + 1)}`, first, size: hostPart + 1 };
}

/** The network written as `192.168.1.0/24`; null for anything else. */
export function parseSubnet(subnet: string): Ipv4Network | null {
  const [address = '', prefix = '', ...rest] = subnet.split('/');
  if (rest.length > 0) return null;
  if (!/^(?:0|[1-9]\d?)$/.test(prefix) || Number(prefix) > 32) return null;
  const size = 2 ** (32 - Number(prefix));
  const value = ipv4Number(address);
  return value === null ? null : { subnet, first: value - (value % size), size };
}

/** Whether two addresses are in one network with this mask. */
export function sameNetwork(one: string, other: string, netmask: string): boolean {
  const [left, right, mask] = [ipv4Number(one), ipv4Number(other), ipv4Number(netmask)];
  return left !== null && right !== null && mask !== null && (left & mask) === (right & mask);
}

/** An IPv4 address that a socket reports as IPv6 (`::ffff:192.168.1.20`) becomes the IPv4 address. */
export function unmapIpv4(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
