/** Checks that the core at this address is the one that this browser signed in to, before its bearer is sent there. */

/** What a page uses of the browser's cryptography; `subtle` is missing where the page is not trusted with it. */
export interface Cryptography {
  subtle: Pick<SubtleCrypto, 'digest' | 'importKey' | 'verify'> | undefined;
  getRandomValues(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** 32 hexadecimal digits that were never used before. */
export const newNonce = (crypto: Cryptography): string => toHex(crypto.getRandomValues(new Uint8Array(16)));

/**
 * Whether `proof` is the HMAC-SHA256 of `NONCE ORIGIN`, keyed with the SHA-256 of the bearer, in hexadecimal. True
 * without checking if the browser offers no cryptography to this page.
 */
export async function isProof(
  crypto: Cryptography,
  { bearer, nonce, origin, proof }: { bearer: string; nonce: string; origin: string; proof: string },
): Promise<boolean> {
  const { subtle } = crypto;
  if (subtle === undefined) return true;
  if (!/^[0-9a-f]{64}$/.test(proof)) return false;
  const digest = await subtle.digest('SHA-256', bytesOf(bearer));
  const key = await subtle.importKey('raw', digest, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const given = new Uint8Array(proof.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? []);
  return subtle.verify('HMAC', key, given, bytesOf(`${nonce} ${origin}`));
}
