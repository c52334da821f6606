/** Slows down guessing: each wrong attempt from an address doubles the wait before its next one is checked. */
import { unmapIpv4 } from '../../../shared/network/ipv4.ts';
import { ipv6Groups } from '../../../shared/network/private-address.ts';

export interface Attempts {
  /** Milliseconds until the next attempt from this address is checked; 0 for now. */
  waitMs(address: string): number;
  wrong(address: string): void;
  right(address: string): void;
  /** Number of addresses remembered; at most `most`. */
  size(): number;
}

export interface AttemptsOptions {
  /** Monotonic milliseconds. */
  monotonic: () => number;
  /** Maximum number of addresses; the one with the oldest last attempt is dropped first. */
  most?: number;
}

/** The first wrong attempts may be a person's mistakes: the wait starts with this one. */
const FREE = 3;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const FORGET_AFTER_MS = 15 * 60_000;

export function createAttempts({ monotonic, most = 1000 }: AttemptsOptions): Attempts {
  const table = new Map<string, { wrong: number; at: number; until: number }>();

  return {
    waitMs(address) {
      const entry = table.get(attemptKey(address));
      return entry === undefined ? 0 : Math.max(0, entry.until - monotonic());
    },
    wrong(address) {
      const key = attemptKey(address);
      const now = monotonic();
      const before = table.get(key);
      const fresh = before === undefined || now - before.at > FORGET_AFTER_MS;
      const wrong = fresh ? 1 : before.wrong + 1;
      const wait = wrong < FREE ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - FREE));
      // Moved to the end, so that the first key is always the one with the oldest last attempt.
      table.delete(key);
      table.set(key, { wrong, at: now, until: now + wait });
      const oldest = table.size > most ? table.keys().next().value : undefined;
      if (oldest !== undefined) table.delete(oldest);
    },
    right(address) {
      table.delete(attemptKey(address));
    },
    size: () => table.size,
  };
}

/** One machine has a whole IPv6 /64 to itself, and one IPv4 address however it is written. */
export function attemptKey(address: string): string {
  const plain = unmapIpv4(address).replace(/%.*$/, '');
  const groups = ipv6Groups(plain);
  if (groups === null) return plain;
  return groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
}
