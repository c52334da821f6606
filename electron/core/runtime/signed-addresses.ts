/** Addresses that are signed, so that whoever opens one needs no key: each is for one thing, for a limited time. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Clock } from '../ports/time.ts';

export interface SignedAddresses<Name extends string> {
  /** Relative to the server. */
  sign(values: Readonly<Record<Name, string>>, validMs: number): string;
  /** What an address is for. Throws LINK_EXPIRED, or FORBIDDEN for one that was not signed here. */
  check(query: Readonly<Record<string, unknown>>): Record<Name, string>;
}

/**
 * @param key a secret; with a new one, the addresses signed before are no longer valid
 * @param path an address for one path is not one for another
 */
export function createSignedAddresses<Name extends string>({
  clock,
  key,
  path,
  names,
}: {
  clock: Pick<Clock, 'now'>;
  key: string | Uint8Array;
  path: string;
  names: readonly Name[];
}): SignedAddresses<Name> {
  /** As JSON, so that no two addresses have the same text. */
  const signatureOf = (values: Readonly<Record<Name, string>>, until: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([path, ...names.map((name) => values[name]), until]))
      .digest();

  return {
    sign(values, validMs) {
      const until = String(clock.now() + validMs);
      const query = new URLSearchParams({
        ...values,
        until,
        signature: signatureOf(values, until).toString('hex'),
      });
      return `${path}?${query}`;
    },
    check(query) {
      const { until, signature } = query;
      const texts = [...names.map((name) => query[name]), until, signature];
      if (!texts.every((text) => typeof text === 'string')) throw new PilotlightError('FORBIDDEN');
      const values = Object.fromEntries(names.map((name) => [name, query[name]])) as Record<Name, string>;
      const given = Buffer.from(String(signature), 'hex');
      const right = signatureOf(values, String(until));
      if (given.length !== right.length || !timingSafeEqual(given, right)) {
        throw new PilotlightError('FORBIDDEN');
      }
      if (clock.now() >= Number(until)) throw new PilotlightError('LINK_EXPIRED');
      return values;
    },
  };
}
