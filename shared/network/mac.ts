/** MAC addresses and SecureOn passwords, in all common notations. */
import { ipv4Bytes } from './ipv4.ts';
import { trimPasted } from './pasted.ts';

const spellings = [
  // Six pairs with colons, dashes, dots or spaces between them, mixed as some tools print them.
  /^(?:[0-9a-f]{2}[:\-. ]){5}[0-9a-f]{2}$/i,
  // Without leading zeros, as `arp -a` prints it on a Mac.
  /^(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i,
  /^[0-9a-f]{4}([-. ])[0-9a-f]{4}\1[0-9a-f]{4}$/i,
  /^(?:0x)?[0-9a-f]{6}[:\-.]?[0-9a-f]{6}$/i,
];

/** `AA:BB:CC:DD:EE:FF` from any common notation of six bytes, or from a line that names one; null for anything else. */
export function parseMac(text: string): string | null {
  const trimmed = plainSeparators(trimPasted(text))
    .replace(/^(["'`])(.*)\1$/, '$2')
    .replace(/^<(.*)>$|\.$/, '$1');
  return spellings.some((spelling) => spelling.test(trimmed))
    ? inPairs(trimmed.replace(/^0x/i, ''))
    : inLine(trimmed);
}

/** Six numbers only: the other notations could be a part of something else. */
const PAIRS = /^(?:(?:[0-9a-f]{2}-){5}[0-9a-f]{2}|(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})$/i;
const MAX_LINE = 200;

/**
 * The address in a line that a tool printed, pasted as it is: `link/ether aa:bb:cc:dd:ee:f0 brd ff:ff:ff:ff:ff:ff`. It
 * has a word beside the address, and names one machine; with two, neither is meant.
 */
function inLine(text: string): string | null {
  if (text.length > MAX_LINE || !/[g-z]/i.test(text)) return null;
  const found = text.split(/[\s()<>[\]{}"',;]+/).filter((word) => PAIRS.test(word));
  const machines = new Set(found.map(inPairs).filter(isSingleMachine));
  const [only] = machines;
  return machines.size === 1 && only !== undefined ? only : null;
}

/** Word processors turn a dash into another one, and Asian keyboards write a wide colon. */
const plainSeparators = (text: string) =>
  text.replaceAll(/[\u2010-\u2015\u2212\uff0d]/g, '-').replaceAll('\uff1a', ':');

/** Whether a parsed address is that of one machine: all zeros are none, and the lowest bit of the first byte marks a group. */
export function isSingleMachine(mac: string): boolean {
  return /[^0:]/.test(mac) && Number.parseInt(mac.slice(0, 2), 16) % 2 === 0;
}

/** `AA:BB:CC:DD:EE:FF` of one machine; null for anything else. */
export function readMac(text: string): string | null {
  const mac = parseMac(text);
  return mac !== null && isSingleMachine(mac) ? mac : null;
}

/** The six bytes of an address; null for what `parseMac` refuses. */
export function macBytes(text: string): number[] | null {
  const mac = parseMac(text);
  return mac === null ? null : hexBytes(mac);
}

/** SecureOn: four decimal bytes with dots, or six hexadecimal ones with any separators; null for anything else. */
export function readSecureOn(text: string): string | null {
  const trimmed = trimPasted(text);
  if (ipv4Bytes(trimmed) !== null) return trimmed;
  const digits = trimmed.replaceAll(/[:\- .]/g, '');
  return /^[0-9a-f]{12}$/i.test(digits) ? inPairs(digits) : null;
}

/** The four or six bytes of a password; null for what `readSecureOn` refuses. */
export function secureOnBytes(text: string): number[] | null {
  const secureOn = readSecureOn(text);
  return secureOn === null ? null : (ipv4Bytes(secureOn) ?? hexBytes(secureOn));
}

/** Groups of one digit get their leading zero. */
function inPairs(text: string): string {
  const digits = text
    .split(/[^0-9a-f]+/i)
    .map((group) => (group.length === 1 ? `0${group}` : group))
    .join('')
    .toUpperCase();
  return (digits.match(/../g) ?? []).join(':');
}

const hexBytes = (pairs: string) => pairs.split(':').map((pair) => Number.parseInt(pair, 16));
