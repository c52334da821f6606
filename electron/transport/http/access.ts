import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Scope } from '../../../shared/contract/methods.ts';

const maxOneTimeTokens = 16;
const maxUsedTokens = 256;
const maxBearers = 256;

const everything: ReadonlySet<Scope> = new Set<Scope>(['view', 'control']);

export interface Access {
  /** A token for one tab: good for one exchange, until Pilotlight stops. The newest 16 are kept. */
  mintOneTimeToken(): string;
  /** Gives a bearer for a one-time token. Throws TOKEN_USED the second time, UNAUTHORIZED for any other. */
  exchange(token: string): string;
  /** What a bearer may do; null for one that is not known. */
  scopesOf(bearer: string | null): ReadonlySet<Scope> | null;
}

/**
 * Who may come in over HTTP. `controlToken` is the long token of the endpoint file, for the CLI. Only
 * digests are kept, and they are compared in constant time.
 */
export function createAccess({ controlToken }: { controlToken: string }): Access {
  const oneTime: Buffer[] = [];
  const used: Buffer[] = [];
  const bearers: Buffer[] = [digestOf(controlToken)];

  return {
    mintOneTimeToken() {
      const token = newToken();
      oneTime.push(digestOf(token));
      if (oneTime.length > maxOneTimeTokens) oneTime.shift();
      return token;
    },
    exchange(token) {
      const digest = digestOf(token);
      const index = indexIn(oneTime, digest);
      if (index < 0) throw new PilotlightError(indexIn(used, digest) < 0 ? 'UNAUTHORIZED' : 'TOKEN_USED');
      oneTime.splice(index, 1);
      used.push(digest);
      if (used.length > maxUsedTokens) used.shift();
      const bearer = newToken();
      bearers.push(digestOf(bearer));
      // The first is the control token, which stays.
      if (bearers.length > maxBearers) bearers.splice(1, 1);
      return bearer;
    },
    scopesOf(bearer) {
      if (bearer === null) return null;
      return indexIn(bearers, digestOf(bearer)) < 0 ? null : everything;
    },
  };
}

/** 256 random bits, safe in a URL, a header and a WebSocket subprotocol. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether two secrets are the same, in a time that says nothing about them. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

/** The token of `Authorization: Bearer <token>`; null where there is none. */
export function bearerOf(authorization: string | undefined): string | null {
  const match = /^Bearer +(\S+) *$/i.exec(authorization ?? '');
  return match?.[1] ?? null;
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Looks at each one, so that the time does not tell which it was. */
function indexIn(digests: readonly Buffer[], wanted: Buffer): number {
  let found = -1;
  for (const [index, digest] of digests.entries()) {
    if (timingSafeEqual(digest, wanted)) found = index;
  }
  return found;
}
