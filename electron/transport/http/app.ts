/** What the panel's port and the port for tasks from the network share: who calls, how errors read, which bodies arrive. */
import type { RequestListener } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorCatalogue, PilotlightError, type WireError } from '../../../shared/contract/errors.ts';
import { limitBodyTime } from '../../adapters/http/body-time.ts';
import type { Listener } from '../../adapters/http/listener.ts';
import { endWith } from '../../adapters/http/refusals.ts';
import { wireRefusal } from '../../adapters/http/wire-refusals.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { describe } from '../session.ts';
import type { Access, Principal } from './access.ts';
import { securityHeaders } from './panel.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For a body that may take hours to arrive: the longest pause in it, milliseconds. */
    bodyPauseMs?: number;
  }
}

/** How errors of a path read, for those that other programs call. */
export interface ForeignShape {
  has(path: string): boolean;
  reply(error: unknown, reply: FastifyReply, log: Log): FastifyReply;
}

export interface AppOptions {
  createListener(handle: RequestListener): Listener<Principal>;
  access: Pick<Access, 'whyRefused'>;
  clock: Pick<Clock, 'timer'>;
  log: Log;
  /** Largest request body, bytes. */
  bodyLimit: number;
  shapes: readonly ForeignShape[];
}

/** For a whole body to arrive, where a route says nothing else. */
const BODY_MS = 60_000;

/** Bodies are checked by the contract. Fastify's own compilers are not even bundled: they are half a megabyte. */
const noSchemas = () => () => {
  throw new Error('A route of Fastify has a schema. Use the contract instead.');
};

export function createApp(options: AppOptions): { app: FastifyInstance; listener: Listener<Principal> } {
  const { access, clock, log, shapes } = options;
  let listener!: Listener<Principal>;
  const app = fastify({
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    serverFactory(handle) {
      listener = options.createListener(handle);
      return listener.server;
    },
    // The listener answers broken HTTP.
    clientErrorHandler: () => {},
    // Addresses that cannot be decoded or routed never reach the hooks.
    frameworkErrors: (error, request, reply) => {
      reply.headers(securityHeaders);
      const foreign =
        listener.checkSource(request.raw) === null ? null : new PilotlightError('FORBIDDEN_ORIGIN');
      const shape = shapes.find(({ has }) => has(request.url));
      if (shape !== undefined) shape.reply(foreign ?? error, reply, log);
      else replyWithError(reply, foreign ?? toPilotlightError(error), log);
    },
    bodyLimit: options.bodyLimit,
    return503OnClosing: false,
    logger: false,
  });

  app.decorateRequest('principal', null);
  app.decorateRequest('whyRefused', function (this: FastifyRequest) {
    return access.whyRefused(this.raw);
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    if (listener.checkSource(request.raw) !== null) throw new PilotlightError('FORBIDDEN_ORIGIN');
    const { principal, refusal } = listener.authenticate(request.raw);
    if (refusal?.reason === 'slow-down') {
      reply.header('retry-after', String(refusal.retryAfterSeconds));
      throw new PilotlightError('TOO_MANY_WRONG_KEYS');
    }
    request.principal = principal;
    const pauseMs = request.routeOptions.config?.bodyPauseMs;
    limitBodyTime(request.raw, pauseMs === undefined ? { wholeMs: BODY_MS } : { idleMs: pauseMs }, {
      clock,
      onLate() {
        if (reply.raw.headersSent) request.raw.socket.destroy();
        else endWith(request.raw.socket, wireRefusal('too-slow'));
      },
    });
  });
  app.setErrorHandler((error, _request, reply) => replyWithError(reply, toPilotlightError(error), log));
  app.setNotFoundHandler((_request, reply) => replyWithError(reply, new PilotlightError('NOT_FOUND'), log));
  acceptJson(app);
  return { app, listener };
}

/** JSON only; an empty body means no parameters. Keys that could reach a prototype are refused. */
function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
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
