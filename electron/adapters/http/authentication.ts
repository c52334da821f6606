/** Who sends a request. The server decides what that principal may do. */
import type { IncomingMessage } from 'node:http';

/** Only `wrong` counts as an attempt to guess. */
export type Authentication<Principal> = { principal: Principal } | { refused: 'missing' | 'wrong' };

export type Authenticate<Principal> = (request: IncomingMessage) => Authentication<Principal>;

/** The token of `Authorization: Bearer <token>`; null if there is none. */
export function bearerOf(authorization: string | undefined): string | null {
  const match = /^Bearer +(\S+) *$/i.exec(authorization ?? '');
  return match?.[1] ?? null;
}

/** Authenticates by the Bearer token: `find` returns a token's principal, or null if unknown. */
export function bearerAuthentication<Principal>(
  find: (bearer: string) => Principal | null,
): Authenticate<Principal> {
  return ({ headers: { authorization } }) => {
    if (authorization === undefined) return { refused: 'missing' };
    const bearer = bearerOf(authorization);
    const principal = bearer === null ? null : find(bearer);
    return principal === null ? { refused: 'wrong' } : { principal };
  };
}
