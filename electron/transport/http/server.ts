import type { RequestListener } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorCatalogue, PilotlightError, type WireError } from '../../../shared/contract/errors.ts';
import { mostMessageBytes } from '../../../shared/contract/link.ts';
import { isPortTaken } from '../../adapters/http/bind.ts';
import type { ConnectionClock } from '../../adapters/http/connections.ts';
import { type ListenerLimits, usualLimits } from '../../adapters/http/limits.ts';
import { createListener, type Listener } from '../../adapters/http/listener.ts';
import { ownPages } from '../../adapters/http/source.ts';
import { wireRefusal } from '../../adapters/http/wire-refusals.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Streams } from '../../core/runtime/streams.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { describe } from '../session.ts';
import type { Access, Principal } from './access.ts';
import { principalOf, whileValid } from './caller.ts';
import { createPanel, securityHeaders } from './panel.ts';
import { replyInTheirShape } from './recall.ts';
import { createSignIn, type OpeningPagesLike, type SignIn } from './session-routes.ts';
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
  /** The port that Host must name while the server is not listening: for tests with `inject`. */
  port?: number;
}

export interface HttpServer extends SignIn {
  readonly app: FastifyInstance;
  readonly links: WebSocketLinks;
  /** Listens on 127.0.0.1 only; 0 picks a free port. Rejects with PORT_IN_USE. Resolves with the base URL. */
  listen(port: number): Promise<string>;
  /** Closes every connection and the port. End the streams and drain the dispatcher before. */
  close(deadlineMs: number): Promise<void>;
}

/** All tabs and scripts on this computer share one address. */
const controlLimits: ListenerLimits = {
  ...usualLimits,
  perAddress: 256,
  requestMs: 60_000,
  headerBytes: 16 * 1024,
};

/** The control API, the link and the panel on one loopback port. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { dispatcher, streams, access, clock, log, routes = [] } = options;
  let port = options.port ?? 0;

  function createControlListener(handle: RequestListener): Listener<Principal> {
    return createListener({
      handle,
      limits: options.connectionLimits ?? controlLimits,
      clock: options.connectionClock,
      source: ownPages(() => port),
      upgrades: isLinkUpgrade,
      authenticate: access.authenticate,
      answer: wireRefusal,
      onRefused: ({ count }) => log.warn('Too many connections: some were refused or closed.', { count }),
    });
  }

  let listener!: Listener<Principal>;
  const app = fastify({
    serverFactory(handle) {
      listener = createControlListener(handle);
      return listener.server;
    },
    // The listener answers broken HTTP.
    clientErrorHandler: () => {},
    // Addresses that cannot be decoded or routed never reach the hooks.
    frameworkErrors: (error, request, reply) => {
      reply.headers(securityHeaders);
      const foreign =
        listener.checkSource(request.raw) === null ? null : new PilotlightError('FORBIDDEN_ORIGIN');
      if (request.url.startsWith('/index/')) replyInTheirShape(foreign ?? error, reply, log);
      else replyWithError(reply, foreign ?? toPilotlightError(error), log);
    },
    bodyLimit: options.bodyLimit ?? 1_048_576,
    return503OnClosing: false,
    logger: false,
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

  app.decorateRequest('principal', null);
  app.decorateRequest('whyRefused', function (this: FastifyRequest) {
    return access.whyRefused(this.raw);
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    if (listener.checkSource(request.raw) !== null) throw new PilotlightError('FORBIDDEN_ORIGIN');
    request.principal = listener.authenticate(request.raw).principal;
  });
  app.setErrorHandler((error, _request, reply) => replyWithError(reply, toPilotlightError(error), log));
  app.setNotFoundHandler((_request, reply) => replyWithError(reply, new PilotlightError('NOT_FOUND'), log));
  acceptJson(app);

  const signIn = createSignIn({
    app,
    access,
    origin: () => `http://127.0.0.1:${port}`,
    pages: options.openingPages,
  });
  const callOptions = { bodyLimit: options.bodyLimit ?? mostMessageBytes };
  app.post<{ Params: { method: string } }>('/api/call/:method', callOptions, async (request, reply) => {
    const principal = principalOf(request);
    const { method } = request.params;
    const result = await whileValid(access, principal, (ended) =>
      dispatcher.call({
        method,
        params: request.body,
        scopes: principal.rights,
        credentialId: principal.credentialId,
        signal: AbortSignal.any([disconnectSignal(reply), ended]),
      }),
    );
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(result ?? null));
  });
  for (const add of routes) add(app);
  servePanel(app, options);

  return {
    app,
    links,
    async listen(wanted) {
      await app.ready();
      const address = await listener.listen({ host: '127.0.0.1', port: wanted }).catch((cause: unknown) => {
        throw isPortTaken(cause) ? portInUse(wanted, cause) : cause;
      });
      port = address.port;
      return `http://127.0.0.1:${port}`;
    },
    ...signIn,
    async close(deadlineMs) {
      await links.close(deadlineMs);
      await listener.close(0);
      await app.close();
    },
  };
}

/** JSON only; an empty body means no parameters. Keys that could reach a prototype are refused. */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
}

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

/** Aborted when the client disconnects before its response was sent. */
export function disconnectSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new PilotlightError('LINK_LOST'));
  });
  return controller.signal;
}

const requestProblems: Readonly<Record<string | number, string>> = {
  413: 'The request is too large.',
  414: 'The address of the request is too long.',
  415: 'The request must be JSON with the content type application/json.',
  FST_ERR_BAD_URL: 'The address of the request is not valid.',
};

/** Errors of the HTTP server itself (malformed JSON, too large, wrong type) become BAD_REQUEST, with their status. */
function toPilotlightError(error: unknown): { error: unknown; status?: number } | PilotlightError {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') {
    return { error };
  }
  if (error.statusCode >= 500) return { error };
  const code = 'code' in error ? String(error.code) : '';
  const message =
    requestProblems[code] ?? requestProblems[error.statusCode] ?? 'The request is not valid JSON.';
  return { error: new PilotlightError('BAD_REQUEST', { message }), status: error.statusCode };
}

function replyWithError(
  reply: FastifyReply,
  failure: { error: unknown; status?: number } | PilotlightError,
  log: Log,
): FastifyReply {
  const { error, status } =
    failure instanceof PilotlightError ? { error: failure } : { status: undefined, ...failure };
  const wire: WireError = describe(error, log);
  return reply
    .code(status ?? errorCatalogue[wire.code].status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(wire));
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
  return path === '/api' || path.startsWith('/api/') || path.startsWith('/index/') || path === '/metrics';
}

function pathOf(url: string): string | null {
  try {
    return decodeURIComponent(url.split('?', 1)[0] ?? '');
  } catch {
    return null;
  }
}
