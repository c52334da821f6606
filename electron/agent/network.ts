/** MAC and IPv4 addresses, and where a relay sends its packets. Pure. */
import { isIPv4 } from 'node:net';

export interface Ipv4Interface {
  name: string;
  address: string;
  netmask: string;
  internal: boolean;
}

/** `AA:BB:CC:DD:EE:FF` of a MAC written with `:`, `-`, `.` or nothing between; null for anything else. */
export function readMac(value: string): string | null {
  const written = /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(value);
  const cisco = /^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value);
  if (!written && !cisco && !/^[0-9a-f]{12}$/i.test(value)) return null;
  const digits = value.replaceAll(/[:.-]/g, '').toUpperCase();
  // A group address (its lowest bit set) is no machine's own; neither is all zeroes.
  if (Number.parseInt(digits.slice(0, 2), 16) % 2 === 1 || /^0+$/.test(digits)) return null;
  return (digits.match(/../g) ?? []).join(':');
}

/** A SecureOn password: four decimal bytes with dots, or six hexadecimal ones. */
export function isSecureOn(value: string): boolean {
  return isIPv4(value) || /^(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$/i.test(value);
}

/** The broadcast address of an interface's own network; null where there is none (/31, /32). */
export function directedBroadcast(address: string, netmask: string): string | null {
  const host = toNumber(address);
  const mask = toNumber(netmask);
  if (host === null || mask === null) return null;
  const hostBits = ~mask >>> 0;
  if (hostBits < 3) return null;
  const value = (host | hostBits) >>> 0;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** Whether two addresses lie in one network of that mask. */
export function sameNetwork(one: string, other: string, netmask: string): boolean {
  const [left, right, mask] = [toNumber(one), toNumber(other), toNumber(netmask)];
  return left !== null && right !== null && mask !== null && (left & mask) === (right & mask);
}

/**
 * Every destination once: the addresses the person named, else the directed broadcast of each interface.
 * 255.255.255.255 is used only where it is named: it leaves by one interface only on some systems.
 */
export function packetDestinations({
  interfaces,
  broadcasts,
  ports,
}: {
  interfaces: readonly Ipv4Interface[];
  broadcasts: readonly string[];
  ports: readonly number[];
}): { address: string; port: number }[] {
  const derived = interfaces
    .filter((one) => !one.internal)
    .flatMap((one) => directedBroadcast(one.address, one.netmask) ?? []);
  const addresses = new Set(broadcasts.length > 0 ? broadcasts : derived);
  return [...addresses].flatMap((address) => [...new Set(ports)].map((port) => ({ address, port })));
}

function toNumber(address: string): number | null {
  if (!isIPv4(address)) return null;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
