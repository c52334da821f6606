/** Secrets are compared by their digests, which have equal length whatever was sent, and in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

/** Position of a secret among the digests of others, or -1. Compares every one, so that the time reveals nothing. */
export function findSecret(digests: readonly Buffer[], secret: string): number {
  const wanted = digestOf(secret);
  let found = -1;
  for (const [index, digest] of digests.entries()) {
    if (timingSafeEqual(digest, wanted)) found = index;
  }
  return found;
}
