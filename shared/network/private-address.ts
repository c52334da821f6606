/** Whether an address belongs to this computer or to an own network, however it is spelled. */
import { ipv4Number, parseSubnet } from './ipv4.ts';

/** Networks that are not the public internet: RFC 6890 and the registry of special addresses for IPv4. */
const privateNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].flatMap((subnet) => parseSubnet(subnet) ?? []);

/** Names that only an own network knows. */
const privateNames =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|home\.arpa|corp|private)$/;

/** The 8 groups of an IPv6 address; null for anything else. */
export function ipv6Groups(text: string): number[] | null {
  const [address = '', ...zone] = text.split('%');
  if (zone.length > 1) return null;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const value = dotted === null ? null : ipv4Number(dotted[2] ?? '');
  if (dotted !== null && value === null) return null;
  const plain =
    value === null
      ? address
      : `${dotted?.[1]}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  const halves = plain.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = groups;
  if (![...head, ...tail].every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...Array<string>(missing).fill('0'), ...tail].map((group) => Number.parseInt(group, 16));
}

const joined = (high: number, low: number) => ((high << 16) | low) >>> 0;

/** The IPv4 address that an IPv6 address stands for or leads to; null for none. */
function embeddedIpv4(groups: readonly number[]): number | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const startsEmpty = a === 0 && b === 0 && c === 0 && d === 0;
  // Mapped, translated and compatible addresses, then NAT64 and 6to4.
  if (startsEmpty && (e === 0 || e === 0xffff) && (f === 0 || f === 0xffff)) return joined(g, h);
  if (a === 0x64 && b === 0xff9b) return joined(g, h);
  return a === 0x2002 ? joined(b, c) : null;
}

function isPrivateIpv6(groups: readonly number[]): boolean {
  const embedded = embeddedIpv4(groups);
  if (embedded !== null) return isPrivateNumber(embedded);
  const [first = 0, second = 0] = groups;
  // Only 2000::/3 is the public internet; within it, documentation and Teredo are not.
  if (first >>> 13 !== 1) return true;
  return first === 0x2001 && (second === 0 || second === 0xdb8 || second >>> 4 === 1 || second >>> 4 === 2);
}

const isPrivateNumber = (value: number): boolean =>
  privateNetworks.some(({ first, size }) => value >= first && value < first + size);

/** Whether an IPv4 or IPv6 address is not one of the public internet; null for anything else. */
export function isPrivateAddress(text: string): boolean | null {
  const value = ipv4Number(text);
  if (value !== null) return isPrivateNumber(value);
  const groups = ipv6Groups(text.replace(/^\[|\]$/g, ''));
  return groups === null ? null : isPrivateIpv6(groups);
}

/**
 * The same for the host of a web address: true for an own address or a name that only an own network knows, false for a
 * public address, null for a name that has to be resolved. A parser of URLs turns `0x7f.1` into `127.0.0.1` before this.
 */
export function isPrivateHost(host: string): boolean | null {
  const name = host.toLowerCase().replace(/\.$/, '');
  const address = isPrivateAddress(name);
  if (address !== null) return address;
  if (!name.includes('.') || privateNames.test(name)) return true;
  return null;
}
