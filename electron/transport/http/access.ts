import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { bearerProtocol } from '../../../shared/contract/link.ts';
import type { Scope } from '../../../shared/contract/methods.ts';
import { type Authenticate, bearerAuthentication } from '../../adapters/http/authentication.ts';
import { digestOf, findSecret, sameSecret } from '../../adapters/http/same-secret.ts';

const maxOneTimeTokens = 16;
const maxUsedTokens = 256;
/** How long a tab's bearer is valid, milliseconds. */
const bearerLifeMs = 7 * 24 * 3_600_000;

/** Who calls the control server, and what that caller may do. */
export interface Principal {
  /** Scopes of the contract; empty for scripts with the index token. */
  scopes: ReadonlySet<Scope>;
  /** Whether it may use `/index/*` and `/metrics`. */
  scripts: boolean;
}

const panel: Principal = { scopes: new Set<Scope>(['view', 'control']), scripts: true };
const scripts: Principal = { scopes: new Set(), scripts: true };

export interface Access {
  /** A token for one tab: valid for one exchange, until Pilotlight stops. The newest 16 are kept. */
  mintOneTimeToken(): string;
  /** Exchanges a one-time token for a bearer. Throws TOKEN_USED the second time, UNAUTHORIZED for any other. */
  exchange(token: string): string;
  /** Whose bearer it is; null if unknown. */
  principalOf(bearer: string): Principal | null;
}

export interface AccessOptions {
  /** The long token of the endpoint file, for the CLI. */
  controlToken: string;
  /**
   * Signs the bearers of tabs, at least 32 random bytes. Stored in the data folder, so that an open page still works
   * after a restart of the core; a new key makes every tab's bearer invalid.
   */
  sessionKey: Buffer;
  /** The token of scripts, `settings.api.indexToken`, read at each request; null for none. */
  indexToken?: () => string | null;
  /** Wall time, milliseconds since the epoch. */
  now: () => number;
}

/**
 * Who may call over HTTP. Secrets are compared by their digests, in constant time. A tab's bearer is
 * `<random>.<issued, base 36>.<HMAC-SHA256 of both>`, so nothing about it has to be stored.
 */
export function createAccess({
  controlToken,
  sessionKey,
  indexToken = () => null,
  now,
}: AccessOptions): Access {
  const oneTime: Buffer[] = [];
  const used: Buffer[] = [];

  function sign(body: string): string {
    return createHmac('sha256', sessionKey).update(body).digest('base64url');
  }

  function isTabBearer(bearer: string): boolean {
    const [random = '', issued = '', signature = '', ...rest] = bearer.split('.');
    if (!sameSecret(signature, sign(`${random}.${issued}`)) || rest.length > 0) return false;
    const age = now() - Number.parseInt(issued, 36);
    // A clock that was set back does not make a bearer invalid.
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
      const index = findSecret(oneTime, token);
      if (index < 0) throw new PilotlightError(findSecret(used, token) < 0 ? 'UNAUTHORIZED' : 'TOKEN_USED');
      used.push(...oneTime.splice(index, 1));
      if (used.length > maxUsedTokens) used.shift();
      const body = `${newToken()}.${Math.floor(now()).toString(36)}`;
      return `${body}.${sign(body)}`;
    },
    principalOf(bearer) {
      const isControl = sameSecret(bearer, controlToken);
      if (isControl || isTabBearer(bearer)) return panel;
      const token = indexToken();
      return token !== null && sameSecret(bearer, token) ? scripts : null;
    },
  };
}

/** The bearer in `Authorization`; for a WebSocket, where a page cannot set headers, in its subprotocols. */
export function authenticateBy(access: Access): Authenticate<Principal> {
  const byHeader = bearerAuthentication(access.principalOf);
  return (request) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return byHeader(request);
    const prefix = bearerProtocol('');
    const protocol = protocolsOf(request).find((one) => one.startsWith(prefix));
    const principal = protocol === undefined ? null : access.principalOf(protocol.slice(prefix.length));
    if (principal !== null) return { principal };
    return { refused: protocol === undefined ? 'missing' : 'wrong' };
  };
}

export function protocolsOf({ headers }: Pick<IncomingMessage, 'headers'>): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
}

/** 256 random bits, safe in a URL, a header and a WebSocket subprotocol. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
