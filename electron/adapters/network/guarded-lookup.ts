/** Resolves a name, and refuses it if one of its addresses is refused: whichever is connected to has been asked about. */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

export function guardedLookup(
  refuse: (address: string) => Error | null,
  lookup: LookupFunction = systemLookup as LookupFunction,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = found as unknown as LookupAddress[];
      for (const { address } of addresses) {
        const refusal = refuse(address);
        if (refusal !== null) return callback(refusal, []);
      }
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      if (first === undefined)
        return callback(Object.assign(new Error('No address.'), { code: 'ENOTFOUND' }), []);
      callback(null, first.address, first.family);
    });
  };
}
