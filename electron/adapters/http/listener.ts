/**
 * Every HTTP listener of the product is created here: its address, its limits, its response to broken HTTP, the Host
 * and Origin it serves, and its authentication.
 */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { settledWithin } from '../../../shared/settled-within.ts';
import { createSystemClock } from '../clock.ts';
import type { Attempts } from './attempts.ts';
import type { Authenticate } from './authentication.ts';
import { bind, type ListenAt } from './bind.ts';
import { type ConnectionClock, type ConnectionOptions, limitConnections } from './connections.ts';
import { serverOptions } from './limits.ts';
import { endResponse, endWith, type RequestRefusal } from './refusals.ts';
import type { SourceGuard } from './source.ts';

export interface ListenerOptions<Principal> extends ConnectionOptions {
  handle: RequestListener;
  /** Which Host and Origin it serves, for `checkSource`. */
  source: SourceGuard;
  /** Default: authenticates nobody. */
  authenticate?: Authenticate<Principal>;
  /** Slows down guessing. Default: no slow-down. */
  attempts?: Attempts;
  /** Which requests for an upgrade are passed to the server's `upgrade` event. Others are served as if they asked for none. */
  upgrades?: (request: IncomingMessage) => boolean;
  server?: Pick<ServerOptions, 'keepAlive'>;
  /** PEM. Default: plain HTTP. */
  tls?: { cert: string; key: string } | undefined;
}

export type Identity<Principal> =
  | { principal: Principal; refusal: null }
  | { principal: null; refusal: RequestRefusal };

export interface Listener<Principal> {
  readonly server: Server;
  /** Open connections. */
  readonly open: number;
  /** By its Host and Origin; null for a request that may be served. */
  checkSource(request: Pick<IncomingMessage, 'headers'>): RequestRefusal | null;
  /** Whether too many wrong credentials came from its address; null if one may be tried now. */
  checkAttempts(request: IncomingMessage): RequestRefusal | null;
  /** Who sends it. The connection of an authenticated sender may stay idle longer, and is never closed to make room. */
  authenticate(request: IncomingMessage): Identity<Principal>;
  /** Rejects with the system's error. */
  listen(at: ListenAt): Promise<AddressInfo>;
  /**
   * Accepts no more connections. Closes the open ones when the responses in progress have ended, or after `graceMs`.
   */
  close(graceMs: number, clock?: ConnectionClock): Promise<void>;
}

export function createListener<Principal = never>(options: ListenerOptions<Principal>): Listener<Principal> {
  const { limits, handle, source, authenticate, attempts, answer, upgrades = () => false, tls } = options;
  const create = tls === undefined ? createServer : createSecure(tls);
  const server = create(
    {
      ...serverOptions(limits),
      ...options.server,
      // The source guard of a listener decides about a missing Host.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => hasOneHost(request) && upgrades(request),
    },
    (request, response) => {
      if (!hasOneHost(request)) return refuse(response);
      // Node's parser reads nothing more after a request for an upgrade, whether it was granted or not.
      if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
      handle(request, response);
    },
  );
  const connections = limitConnections(server, { ...options, isSecure: tls !== undefined });
  server.on('clientError', connections.clientError);
  // Node itself answers both of these with an empty body, or not at all.
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => refuse(response));
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    if (answer === undefined) socket.destroy();
    else endWith(socket, answer('malformed'));
  });

  function refuse(response: ServerResponse): void {
    if (answer === undefined) response.destroy();
    else endResponse(response, answer('malformed'));
  }

  function checkAttempts({ socket }: IncomingMessage): RequestRefusal | null {
    const waitMs = attempts?.waitMs(socket.remoteAddress ?? '') ?? 0;
    return waitMs > 0 ? { reason: 'slow-down', retryAfterSeconds: Math.ceil(waitMs / 1000) } : null;
  }

  return {
    server,
    get open() {
      return connections.open;
    },
    checkSource: ({ headers }) => (source(headers) ? null : { reason: 'foreign-source' }),
    checkAttempts,
    authenticate(request) {
      // Nothing is compared meanwhile: a right guess is treated like a wrong one until the wait is over.
      const early = checkAttempts(request);
      if (early !== null) return { principal: null, refusal: early };
      const address = request.socket.remoteAddress ?? '';
      const result = authenticate?.(request) ?? { refused: 'missing' };
      if ('refused' in result) {
        if (result.refused === 'wrong') attempts?.wrong(address);
        return { principal: null, refusal: { reason: 'unauthorized' } };
      }
      attempts?.right(address);
      connections.admit(request.socket);
      return { principal: result.principal, refusal: null };
    },
    async listen(at) {
      const address = await bind(server, at);
      // Later errors, such as a lack of file descriptors, concern single connections.
      server.on('error', () => {});
      return address;
    },
    async close(graceMs, clock = options.clock ?? createSystemClock()) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (graceMs > 0) await settledWithin(clock, graceMs, connections.answered());
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A server with the same interface, that speaks TLS. */
const createSecure =
  (tls: { cert: string; key: string }): typeof createServer =>
  (...given: unknown[]) => {
    const [options, handle] = given as [ServerOptions, RequestListener];
    return createSecureServer(
      { ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: options.headersTimeout },
      handle,
    ) as unknown as Server;
  };

/** Of several Host lines, Node reads the first; another program on the way may read the last. */
function hasOneHost({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length < 2;
}
