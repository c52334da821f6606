/**
 * Whose secret it is. Pure: digests and rights in, a verdict out, so that other processes that are given both can check
 * for themselves.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { CredentialKind } from '../../../shared/models/access.ts';
import type { Right } from '../../../shared/rights.ts';

/** What is needed to check a secret, and nothing that reveals one. */
export interface KnownCredential {
  readonly id: string;
  readonly kind: CredentialKind;
  readonly name: string;
  readonly rights: readonly Right[];
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
  /** The only origin that a session may come from. */
  readonly origin: string | null;
  /** When it expires, milliseconds since the epoch; null for never. */
  readonly endsAt: number | null;
  readonly revoked: boolean;
}

export type Verdict =
  | { outcome: 'accepted' | 'expired' | 'revoked'; credential: KnownCredential }
  | { outcome: 'unknown' };

/**
 * Compares the digest of the secret with every known one, in constant time, so that the time reveals nothing about any
 * of them. `origin` is where the request says it came from; a session is unknown at every other origin.
 */
export function checkCredential(
  known: readonly KnownCredential[],
  secret: string,
  { now, origin }: { now: number; origin: string | null },
): Verdict {
  const wanted = createHash('sha256').update(secret).digest();
  let credential: KnownCredential | null = null;
  for (const one of known) {
    // A chosen secret may have been revoked once, and set again.
    if (timingSafeEqual(one.digest, wanted) && credential?.revoked !== false) credential = one;
  }
  if (credential === null) return { outcome: 'unknown' };
  if (credential.origin !== null && credential.origin !== origin) return { outcome: 'unknown' };
  if (credential.revoked) return { outcome: 'revoked', credential };
  const expired = credential.endsAt !== null && now >= credential.endsAt;
  return { outcome: expired ? 'expired' : 'accepted', credential };
}
