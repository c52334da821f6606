import type { RequestListener } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { mostMessageBytes } from '../../../shared/contract/link.ts';
import { eitherOf } from '../../../shared/either.ts';
import { createAttempts } from '../../adapters/http/attempts.ts';
import { isPortTaken } from '../../adapters/http/bind.ts';
import type { ConnectionClock } from '../../adapters/http/connections.ts';
import { type ListenerLimits, usualLimits } from '../../adapters/http/limits.ts';
import { createListener, type Listener } from '../../adapters/http/listener.ts';
import { createRateLimit } from '../../adapters/http/rate-limit.ts';
import { networkPages, ownPages } from '../../adapters/http/source.ts';
import { wireRefusal } from '../../adapters/http/wire-refusals.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Streams } from '../../core/runtime/streams.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Access, Principal } from './access.ts';
import { createApp, disconnectSignal } from './app.ts';
import { principalOf, whileValid } from './caller.ts';
import { createPanel } from './panel.ts';
import { recallShape } from './recall.ts';
import { createSignIn, type OpeningPagesLike, type SignIn } from './session-routes.ts';
import { taskShape } from './tasks/refusals.ts';
import {
  createWebSocketLinks,
  isLinkUpgrade,
  type WebSocketLimits,
  type WebSocketLinks,
} from './web-socket.ts';

export interface HttpServerOptions {
  dispatcher: Dispatcher;
  streams: Streams;
  access: Access;
  clock: Clock;
  log: Log;
  /** Default: there are none. */
  openingPages?: OpeningPagesLike;
  /** Names this core to its pages: 16 hexadecimal digits. */
  coreId: string;
  /** Folder of the built panel; null if there is none. */
  panelRoot: string | null;
  /** More routes, such as `/index/*` and `/metrics`. They get the same checks of Host and Origin. */
  routes?: readonly ((app: FastifyInstance) => void)[];
  /** Largest request body, bytes. Default 1 MiB, and 15 MiB for calls. */
  bodyLimit?: number;
  limits?: WebSocketLimits;
  connectionLimits?: ListenerLimits;
  /** Clock of the connection limits. Default: the system's. */
  connectionClock?: ConnectionClock;
  /** A listener in the network instead of the one on loopback. */
  network?: { address: string; names: readonly string[]; tls: { cert: string; key: string } | null };
  /** The port that Host must name while the server is not listening: for tests with `inject`. */
  port?: number;
}

export interface HttpServer extends SignIn {
  readonly app: FastifyInstance;
  readonly links: WebSocketLinks;
  /** Listens on 127.0.0.1 only, or on the address in the network; 0 picks a free port. Rejects with PORT_IN_USE. Resolves with the base URL. */
  listen(port: number): Promise<string>;
  /** Closes every connection and the port. End the streams and drain the dispatcher before. */
  close(deadlineMs: number): Promise<void>;
}

/** All tabs and scripts on this computer share one address. */
const controlLimits: ListenerLimits = {
  ...usualLimits,
  perAddress: 256,
  // Of bodies the app decides, because an upload may last for hours.
  requestMs: 0,
  headerBytes: 16 * 1024,
};

/** The control API, the link and the panel on one loopback port. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { dispatcher, streams, access, clock, log, network, routes = [] } = options;
  let port = options.port ?? 0;
  const tls = network?.tls ?? undefined;
  const attempts = network && createAttempts({ monotonic: clock.monotonic });
  const mayAsk = network && createRateLimit({ ...strangers, now: clock.monotonic });

  function createControlListener(handle: RequestListener): Listener<Principal> {
    return createListener({
      handle,
      limits: options.connectionLimits ?? controlLimits,
      clock: options.connectionClock,
      source: network ? networkPages(() => ({ ...network, port })) : ownPages(() => port),
      tls,
      ...(attempts ? { attempts } : {}),
      upgrades: isLinkUpgrade,
      authenticate: network ? credentialsOnly(access.authenticate) : access.authenticate,
      answer: wireRefusal,
      onRefused: ({ count }) => log.warn('Too many connections: some were refused or closed.', { count }),
    });
  }

  const { app, listener } = createApp({
    createListener: createControlListener,
    access,
    clock,
    log,
    bodyLimit: options.bodyLimit ?? 1_048_576,
    shapes: [recallShape, taskShape],
  });
  if (mayAsk)
    app.addHook('onRequest', async (request, reply) => {
      if (request.principal !== null || request.routeOptions.config?.isSigned) return;
      if (mayAsk(request.raw.socket.remoteAddress ?? '')) return;
      reply.header('retry-after', '1');
      throw new PilotlightError('TOO_MANY_WRONG_KEYS');
    });
  const links = createWebSocketLinks({
    listener,
    dispatcher,
    streams,
    clock,
    log,
    access,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  app.server.on('upgrade', links.upgrade);

  const signIn = createSignIn({
    app,
    access,
    origin: () => `${tls ? 'https' : 'http'}://${network?.address ?? '127.0.0.1'}:${port}`,
    pages: options.openingPages,
  });
  const callOptions = { bodyLimit: options.bodyLimit ?? mostMessageBytes };
  app.post<{ Params: { method: string } }>('/api/call/:method', callOptions, async (request, reply) => {
    const principal = principalOf(request);
    const { method } = request.params;
    const result = await whileValid(access, principal, async (ended) => {
      using either = eitherOf(disconnectSignal(reply), ended);
      return await dispatcher.call({
        method,
        params: request.body,
        scopes: principal.rights,
        credentialId: principal.credentialId,
        signal: either.signal,
      });
    });
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(result ?? null));
  });
  for (const add of routes) add(app);
  servePanel(app, options);

  return {
    app,
    links,
    async listen(wanted) {
      await app.ready();
      const address = await listener
        .listen({ host: network?.address ?? '127.0.0.1', port: wanted })
        .catch((cause: unknown) => {
          throw isPortTaken(cause) ? portInUse(wanted, cause) : cause;
        });
      port = address.port;
      return `${tls ? 'https' : 'http'}://${network?.address ?? '127.0.0.1'}:${port}`;
    },
    ...signIn,
    async close(deadlineMs) {
      await links.close(deadlineMs);
      await listener.close(0);
      await app.close();
    },
  };
}

/** Requests without a valid credential. A page loads its files at once. */
const strangers = { each: { burst: 120, perSecond: 10 }, all: { burst: 600, perSecond: 100 } };

/** Sessions and keys; the tokens of this computer's own programs count on loopback only. */
const credentialsOnly =
  (authenticate: Access['authenticate']): Access['authenticate'] =>
  (request) => {
    const found = authenticate(request);
    return 'refused' in found || found.principal.kind !== null ? found : { refused: 'wrong' };
  };

function portInUse(port: number, cause: unknown): PilotlightError {
  const isForbidden = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
  return new PilotlightError('PORT_IN_USE', {
    message: isForbidden
      ? `This system does not allow Pilotlight to use port ${port}.`
      : `Port ${port} is in use by another program.`,
    details: { port },
    cause,
  });
}

function servePanel(
  app: FastifyInstance,
  { panelRoot: root, coreId }: Pick<HttpServerOptions, 'panelRoot' | 'coreId'>,
): void {
  const panel = root === null ? null : createPanel({ root, coreId });
  app.get('/*', async (request, reply) => {
    const path = pathOf(request.url);
    if (path === null || isApiPath(path)) throw new PilotlightError('NOT_FOUND');
    const file = (await panel?.file(path, request.headers.host ?? '')) ?? null;
    if (file === null) {
      const isPage = path === '/';
      throw new PilotlightError(
        'NOT_FOUND',
        isPage ? { message: 'The panel was not built.', next: 'Run npm start, which builds it.' } : {},
      );
    }
    return reply.headers(file.headers).send(file.body);
  });
}

/** An unknown path here is an error; elsewhere it may be a page of the panel. */
function isApiPath(path: string): boolean {
  return (
    path === '/api' ||
    path.startsWith('/api/') ||
    path === '/metrics' ||
    recallShape.has(path) ||
    taskShape.has(path)
  );
}

function pathOf(url: string): string | null {
  try {
    return decodeURIComponent(url.split('?', 1)[0] ?? '');
  } catch {
    return null;
  }
}
