/**
 * The only reader of web addresses that people, programs and machines write. A URL parser turns many texts into an IPv4
 * address: `127.1`, `0x7f.1`, `017700000001`, `１２７.0.0.1`. Such a text is refused before, because it could be read as
 * another machine than the one that was meant.
 */
import { formatIpv4, readIpv4 } from './ipv4.ts';
import { trimPasted } from './pasted.ts';

/** What is wrong with an address: `ipv4` if its host is an IPv4 address in another form than four plain decimals. */
export type AddressFault = 'not-an-address' | 'ipv4' | 'not-http' | 'password' | 'query' | 'port-zero';

export type ReadAddress =
  | { ok: true; url: URL; hasScheme: boolean; hasPort: boolean }
  | { ok: false; fault: AddressFault };

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * An `http` or `https` address, without a scheme as `http`. It may have a path, and a user name, query or fragment only
 * if `allow` says so. The host of the URL is a name, a plain IPv4 address, or IPv6 in brackets.
 */
export function readWebAddress(
  text: string,
  allow: { query?: boolean; password?: boolean } = {},
): ReadAddress {
  const trimmed = trimPasted(text);
  const hasScheme = SCHEME.test(trimmed);
  if (trimmed === '' || /[\s\\]|:\/\/\//.test(trimmed)) return refused('not-an-address');
  const written = hasScheme ? trimmed : `http://${bracketIpv6(trimmed)}`;
  const authority = authorityOf(written);
  const host = hostOfAuthority(authority);
  if (!URL.canParse(written)) {
    // A plain address may have a port that is none.
    return refused(isNumeric(host) && readIpv4(host) === null ? 'ipv4' : 'not-an-address');
  }
  const url = new URL(written);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refused('not-http');
  if (/^\.*$/.test(url.hostname)) return refused('not-an-address');
  if (!allow.password && (url.username !== '' || url.password !== '')) return refused('password');
  if (!allow.query && (url.search !== '' || url.hash !== '')) return refused('query');
  if (url.port === '0') return refused('port-zero');
  if (readIpv4(url.hostname) !== null && host !== url.hostname) return refused('ipv4');
  unmapHost(url);
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.replace(/\.+$/, '');
  return { ok: true, url, hasScheme, hasPort: /:\d+$/.test(authority) };
}

/** The URL of an address that has a scheme; null for anything that `readWebAddress` refuses. */
export function parseWebUrl(text: string, allow?: { query?: boolean; password?: boolean }): URL | null {
  const read = readWebAddress(text, allow);
  return read.ok && read.hasScheme ? read.url : null;
}

const refused = (fault: AddressFault): ReadAddress => ({ ok: false, fault });

/** `host:port` as it is written, with a user name if there is one. */
function authorityOf(written: string): string {
  return /^[^/]*\/\/([^/?#]*)/.exec(written)?.[1] ?? '';
}

function hostOfAuthority(authority: string): string {
  return authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
}

/** `::1` or `fe80::1` alone is an address, not a host with a port. */
function bracketIpv6(text: string): string {
  return /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text;
}

/** Numbers and dots, so that an IPv4 address was meant. */
const isNumeric = (host: string) => /^[\d.]*\d[\d.]*$/.test(host);

/** `[::ffff:192.168.1.20]` is the IPv4 address in the form of IPv6. */
function unmapHost(url: URL): void {
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(url.hostname) ?? [];
  if (high === undefined || low === undefined) return;
  url.hostname = formatIpv4(Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16));
}
