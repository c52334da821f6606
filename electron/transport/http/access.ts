import type { IncomingMessage } from 'node:http';
import { type ErrorCode, PilotlightError } from '../../../shared/contract/errors.ts';
import { bearerProtocol } from '../../../shared/contract/link.ts';
import type { CredentialKind } from '../../../shared/models/access.ts';
import { redactSecrets } from '../../../shared/redact.ts';
import { allRightsOf, everyRight, type Right } from '../../../shared/rights.ts';
import { type Authenticate, bearerOf } from '../../adapters/http/authentication.ts';
import { sameSecret } from '../../adapters/http/same-secret.ts';
import type { AccessService } from '../../core/access/model.ts';
import type { EarlierTabs } from './earlier-tabs.ts';
import { createOneTimeTokens } from './one-time-tokens.ts';
import { createOpenUses, type OpenUses } from './open-uses.ts';

type Headers = Pick<IncomingMessage, 'headers'> & { socket?: object };

/** Who calls the control server, and what that caller may do. */
export interface Principal {
  rights: ReadonlySet<Right>;
  /** null for the token of the endpoint file, and for tabs of an earlier version. */
  credentialId: string | null;
  kind: CredentialKind | null;
  /** The worker that this program runs itself. */
  isOwnWorker?: boolean;
}

/** A browser that is signed in. */
export interface SignedIn {
  bearer: string;
  session: string;
}

export interface Access {
  /** A token that signs one browser in: valid once, until Pilotlight stops or for so long. */
  mintOneTimeToken(onUsed?: () => void, validMs?: number): string;
  /**
   * Signs the browser of the request in. One that is signed in already keeps its session. Throws TOKEN_USED or
   * UNAUTHORIZED.
   */
  signIn(given: { token: string } | { earlierBearer: string }, request: Headers): SignedIn;
  /** Proves to a page that this is the core that it signed in to. Throws SESSION_ENDED or UNAUTHORIZED. */
  prove(question: { session: string; nonce: string }, request: Headers): string;
  /** For the listener. */
  authenticate: Authenticate<Principal>;
  /** Why a request has no principal. */
  whyRefused(request: Pick<IncomingMessage, 'headers' | 'url'>): PilotlightError;
  /** Marks the credential of an open link as used. False if it has ended. */
  use(principal: Principal): boolean;
  /** The error for whoever is cut off because the credential has ended. */
  endedError(principal: Principal): PilotlightError;
  readonly uses: OpenUses;
}

export interface AccessOptions {
  /** The long token of the endpoint file, for the command line. */
  controlToken: string;
  /** Of the worker that this program runs itself; it is never saved. Default: there is none. */
  workerToken?: string | undefined;
  /** Of the workers of simulated machines; never saved either. Default: there are none. */
  simulatedToken?: string | undefined;
  credentials: Pick<
    AccessService,
    'check' | 'use' | 'onEnded' | 'openSession' | 'renewSession' | 'proveSession'
  >;
  earlierTabs: EarlierTabs;
}

const root: Principal = { rights: everyRight, credentialId: null, kind: null };
const ownWorker: Principal = {
  rights: new Set<Right>(['tasks']),
  credentialId: null,
  kind: null,
  isOwnWorker: true,
};
/** On a machine of its own, as far as anybody can see. */
const simulatedWorker: Principal = { ...ownWorker, isOwnWorker: false };

/** Who may call over HTTP. Secrets are compared by their digests, in constant time. */
export function createAccess({ controlToken, credentials, earlierTabs, ...own }: AccessOptions): Access {
  const oneTime = createOneTimeTokens();
  const uses = createOpenUses();
  credentials.onEnded(uses.endAll);

  function identify(request: Headers): { principal: Principal } | { refused: ErrorCode; missing: boolean } {
    const bearer = sentBearer(request);
    if (bearer === null) return { refused: 'UNAUTHORIZED', missing: !hasCredential(request) };
    const isControl = sameSecret(bearer, controlToken);
    if (isControl || earlierTabs.isBearer(bearer)) return { principal: root };
    const { workerToken, simulatedToken } = own;
    if (workerToken !== undefined && sameSecret(bearer, workerToken)) return { principal: ownWorker };
    if (simulatedToken !== undefined && sameSecret(bearer, simulatedToken)) {
      return { principal: simulatedWorker };
    }
    const verdict = credentials.check(bearer, originOf(request));
    if (verdict.outcome === 'unknown') return { refused: 'UNAUTHORIZED', missing: false };
    const { id, kind, rights } = verdict.credential;
    if (verdict.outcome !== 'accepted') {
      const code =
        kind === 'session' ? 'SESSION_ENDED' : verdict.outcome === 'revoked' ? 'KEY_REVOKED' : 'KEY_EXPIRED';
      return { refused: code, missing: false };
    }
    return { principal: { rights: allRightsOf(rights), credentialId: id, kind } };
  }

  return {
    uses,
    mintOneTimeToken: oneTime.mint,
    signIn(given, request) {
      const identified = identify(request);
      const before = 'principal' in identified ? identified.principal : null;
      if ('token' in given) oneTime.take(given.token);
      else if (!earlierTabs.tradeIn(given.earlierBearer)) throw new PilotlightError('UNAUTHORIZED');
      const bearer = sentBearer(request);
      if (before?.kind === 'session' && before.credentialId !== null && bearer !== null) {
        credentials.renewSession(before.credentialId);
        return { bearer, session: before.credentialId };
      }
      const opened = credentials.openSession({
        origin: originOf(request) ?? '',
        userAgent: request.headers['user-agent'],
      });
      return { bearer: opened.secret, session: opened.credential.id };
    },
    prove: ({ session, nonce }, request) =>
      credentials.proveSession({ id: session, nonce, origin: originOf(request) ?? '' }),
    authenticate(request) {
      const identified = identify(request);
      if ('principal' in identified) return identified;
      return { refused: identified.missing ? 'missing' : 'wrong' };
    },
    whyRefused(request) {
      const identified = identify(request);
      const inAddress = redactSecrets(request.url ?? '') !== (request.url ?? '');
      if ('principal' in identified || (identified.missing && !inAddress))
        return new PilotlightError('UNAUTHORIZED');
      return new PilotlightError(identified.missing ? 'KEY_IN_ADDRESS' : identified.refused);
    },
    use: ({ credentialId }) => credentialId === null || credentials.use(credentialId),
    endedError: ({ kind }) => new PilotlightError(kind === 'session' ? 'SESSION_ENDED' : 'KEY_REVOKED'),
  };
}

const isUpgrade = ({ headers }: Headers) => headers.upgrade?.toLowerCase() === 'websocket';
const socketBearer = (request: Headers) =>
  protocolsOf(request).find((one) => one.startsWith(bearerProtocol('')));

/** Whether it tries to authenticate at all. */
const hasCredential = (request: Headers) =>
  isUpgrade(request) ? socketBearer(request) !== undefined : request.headers.authorization !== undefined;

/** The bearer in `Authorization`; for a WebSocket, where a page cannot set headers, in its subprotocols. */
function sentBearer(request: Headers): string | null {
  if (!isUpgrade(request)) return bearerOf(request.headers.authorization);
  return socketBearer(request)?.slice(bearerProtocol('').length) ?? null;
}

/**
 * Where a page of this server lives. The source guard has checked that `Origin` is a page at `Host`; behind a proxy only
 * `Origin` says that it is HTTPS.
 */
function originOf({ headers, socket }: Headers): string | null {
  if (headers.host === undefined) return null;
  const isEncrypted = socket !== undefined && 'encrypted' in socket && socket.encrypted === true;
  return (headers.origin ?? `${isEncrypted ? 'https' : 'http'}://${headers.host}`).toLowerCase();
}

export function protocolsOf({ headers }: Headers): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
}
