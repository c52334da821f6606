import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Scope } from '../../../shared/contract/methods.ts';

const maxOneTimeTokens = 16;
const maxUsedTokens = 256;
/** How long a tab may go on with its bearer, milliseconds. */
const bearerLifeMs = 7 * 24 * 3_600_000;

const everything: ReadonlySet<Scope> = new Set<Scope>(['view', 'control']);

export interface Access {
  /** A token for one tab: good for one exchange, until Pilotlight stops. The newest 16 are kept. */
  mintOneTimeToken(): string;
  /** Gives a bearer for a one-time token. Throws TOKEN_USED the second time, UNAUTHORIZED for any other. */
  exchange(token: string): string;
  /** What a bearer may do; null for one that is not known. */
  scopesOf(bearer: string | null): ReadonlySet<Scope> | null;
}

export interface AccessOptions {
  /** The long token of the endpoint file, for the CLI. */
  controlToken: string;
  /**
   * Signs the bearers of tabs, at least 32 random bytes. Kept in the data folder, so that an open page goes on
   * when the core is started again; another key ends every tab's right.
   */
  sessionKey: Buffer;
  /** Wall time, milliseconds since the epoch. */
  now: () => number;
}

/**
 * Who may come in over HTTP. Secrets are compared by their digests, in constant time. A tab's bearer is
 * `<random>.<issued, base 36>.<HMAC-SHA256 of both>`: nothing about it has to be remembered.
 */
export function createAccess({ controlToken, sessionKey, now }: AccessOptions): Access {
  const oneTime: Buffer[] = [];
  const used: Buffer[] = [];
  const control = digestOf(controlToken);

  function sign(body: string): string {
    return createHmac('sha256', sessionKey).update(body).digest('base64url');
  }

  function isTabBearer(bearer: string): boolean {
    const [random = '', issued = '', signature = '', ...rest] = bearer.split('.');
    if (!sameSecret(signature, sign(`${random}.${issued}`)) || rest.length > 0) return false;
    const age = now() - Number.parseInt(issued, 36);
    // A clock that was set back is no reason to shut a tab out.
    return age < bearerLifeMs;
  }

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
      const body = `${newToken()}.${Math.floor(now()).toString(36)}`;
      return `${body}.${sign(body)}`;
    },
    scopesOf(bearer) {
      if (bearer === null) return null;
      const known = timingSafeEqual(digestOf(bearer), control);
      return known || isTabBearer(bearer) ? everything : null;
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
