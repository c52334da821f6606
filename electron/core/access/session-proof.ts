/**
 * How the core proves to a page that it is the one that the page signed in to, before the page sends its bearer: another
 * program may have taken the port while Pilotlight was off. Pure.
 */
import { createHmac } from 'node:crypto';

/**
 * HMAC-SHA256 of `NONCE ORIGIN`, keyed with the digest of the bearer, in hexadecimal. Only the core has the digest, and
 * the origin keeps a program on another port from passing the question on.
 */
export function sessionProof({
  digest,
  nonce,
  origin,
}: {
  /** SHA-256 of the bearer, in hexadecimal. */
  digest: string;
  nonce: string;
  origin: string;
}): string {
  return createHmac('sha256', Buffer.from(digest, 'hex')).update(`${nonce} ${origin}`).digest('hex');
}
