/** The HTTP interface: which route answers, what errors look like, and the faults that affect every answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostAllowed, originAllowed, pageHeaders, preflightHeaders } from '../adapters/http/local-source.ts';
import { type Exchange, sendError, sendJson, sendNothing, sendText, writeLine } from './http-exchange.ts';
import { OllamaError } from './model.ts';
import { answerBesideOpenAi } from './openai-only.ts';
import * as createRoutes from './routes-create.ts';
import * as embedRoutes from './routes-embed.ts';
import * as generateRoutes from './routes-generate.ts';
import * as libraryRoutes from './routes-library.ts';
import * as messagesRoutes from './routes-messages.ts';
import * as openaiRoutes from './routes-openai.ts';
import * as pullRoutes from './routes-pull.ts';
import * as responsesRoutes from './routes-responses.ts';
import * as showRoutes from './routes-show.ts';
import type { ServerContext } from './server-context.ts';

type Route = (context: ServerContext, exchange: Exchange) => void | Promise<void>;

const alive: Route = (_context, exchange) =>
  sendText(exchange.response, 200, 'Ollama is running', 'text/plain; charset=utf-8');

/** The methods are listed in the order in which Allow names them. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/': { HEAD: alive, GET: alive },
  '/api/version': { HEAD: libraryRoutes.version, GET: libraryRoutes.version },
  '/api/tags': { HEAD: libraryRoutes.tags, GET: libraryRoutes.tags },
  '/api/ps': { GET: libraryRoutes.ps },
  '/api/show': { POST: showRoutes.show },
  '/api/copy': { POST: libraryRoutes.copy },
  '/api/create': { POST: createRoutes.create },
  '/api/delete': { DELETE: libraryRoutes.remove },
  '/api/pull': { POST: pullRoutes.pull },
  '/api/generate': { POST: generateRoutes.generate },
  '/api/chat': { POST: generateRoutes.chat },
  '/api/embed': { POST: embedRoutes.embed },
  '/api/embeddings': { POST: embedRoutes.embeddings },
  '/v1/models': { GET: openaiRoutes.models },
  '/v1/completions': { POST: openaiRoutes.completions },
  '/v1/chat/completions': { POST: openaiRoutes.chatCompletions },
  '/v1/embeddings': { POST: openaiRoutes.embeddings },
  '/v1/responses': { POST: responsesRoutes.responses },
  '/v1/messages': { POST: messagesRoutes.messages },
};

/** Routes with a name in their path. */
const NAMED_ROUTES: readonly (readonly [RegExp, Readonly<Record<string, Route>>])[] = [
  [/^\/v1\/models\/[^/]+$/, { GET: openaiRoutes.model }],
  [/^\/api\/blobs\/[^/]+$/, { HEAD: createRoutes.headBlob, POST: createRoutes.putBlob }],
];

/** What the version of the fault `old-version` does not have. */
const SINCE_OLD_VERSION: ReadonlySet<string> = new Set([
  '/api/ps',
  '/api/embed',
  '/v1/models',
  '/v1/embeddings',
]);

/** One response of the server, for tests and for inspecting a client. */
export interface RequestRecord {
  method: string;
  path: string;
  /** 499 if the client disconnected before the response. */
  status: number;
}

export interface OllamaServer {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Ends every exchange in progress, as when the process or the machine stops. `silently`: the connections stay open
   * and nothing more is sent, as when a machine vanishes from the network.
   */
  abortAll(options?: { silently: boolean }): void;
  inFlight(): number;
  /** Requests received since the server was created. */
  requests(): number;
  /** The latest responses, oldest first, at most 1,000. */
  log(): readonly RequestRecord[];
}

const KEPT_RECORDS = 1000;

export function createOllamaServer(context: ServerContext): OllamaServer {
  const active = new Set<{ controller: AbortController; response: ServerResponse }>();
  const silent = new WeakSet<ServerResponse>();
  const records: RequestRecord[] = [];
  let requests = 0;

  const record = (request: IncomingMessage, path: string, status: number) => {
    records.push({ method: request.method ?? '', path, status });
    if (records.length > KEPT_RECORDS) records.shift();
  };

  const run = async (exchange: Exchange) => {
    const { request, response, path } = exchange;
    const found =
      context.faults.is('old-version') && SINCE_OLD_VERSION.has(path)
        ? ({ kind: 'missing' } as const)
        : routeFor(path, request.method ?? 'GET');
    if (isPreflight(request)) {
      if (found.kind === 'method') response.setHeader('Allow', found.allowed.join(', '));
      response.writeHead(204, preflightHeaders(request.headers.origin ?? ''));
      response.end();
      return;
    }
    if (found.kind === 'slash') {
      redirect(exchange, found.to);
      return;
    }
    if (found.kind === 'missing') {
      sendText(response, 404, '404 page not found');
      return;
    }
    if (found.kind === 'method') {
      response.setHeader('Allow', found.allowed.join(', '));
      sendText(response, 405, '405 method not allowed');
      return;
    }
    try {
      await found.route(context, exchange);
    } catch (error) {
      if (response.destroyed || silent.has(response)) return;
      const failure = asOllamaError(error, exchange.signal);
      if (path === '/v1/messages') messagesRoutes.fail(response, failure);
      else if (path.startsWith('/v1/')) openaiRoutes.fail(response, failure);
      else if (response.headersSent) {
        writeLine(response, { error: failure.message });
        response.end();
      } else sendError(response, failure.status, failure.message);
    }
  };

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', 'http://simulator').pathname;
    requests += 1;
    const controller = new AbortController();
    const entry = { controller, response };
    active.add(entry);
    response.once('close', () => {
      active.delete(entry);
      const complete = response.writableFinished;
      record(request, path, complete ? response.statusCode : 499);
      if (!complete) controller.abort(new OllamaError(499, 'request canceled'));
    });
    const { origin } = request.headers;
    if (!hostAllowed(request.headers) || (origin !== undefined && !originAllowed(origin))) {
      sendNothing(response, 403);
      return;
    }
    if (origin !== undefined && !isPreflight(request))
      for (const [name, value] of Object.entries(pageHeaders(origin))) response.setHeader(name, value);
    if (applyFault(context, response)) return;
    if (context.openAiOnly !== null && answerBesideOpenAi(context.openAiOnly, request, response, path))
      return;
    void run({ request, response, path, signal: controller.signal });
  };

  return {
    handle,
    abortAll: (options) => {
      for (const { controller, response } of [...active]) {
        if (options?.silently) silent.add(response);
        controller.abort(new OllamaError(499, 'request canceled'));
        if (!options?.silently) response.destroy();
      }
    },
    inFlight: () => active.size,
    requests: () => requests,
    log: () => records,
  };
}

type Found =
  | { kind: 'route'; route: Route }
  | { kind: 'missing' }
  | { kind: 'slash'; to: string }
  | { kind: 'method'; allowed: string[] };

function routesAt(path: string): Readonly<Record<string, Route>> | undefined {
  return ROUTES[path] ?? NAMED_ROUTES.find(([pattern]) => pattern.test(path))?.[1];
}

function routeFor(path: string, method: string): Found {
  const routes = routesAt(path);
  if (!routes) {
    const to = path.replace(/\/$/, '');
    return to !== path && routesAt(to)?.[method] ? { kind: 'slash', to } : { kind: 'missing' };
  }
  const route = routes[method];
  return route ? { kind: 'route', route } : { kind: 'method', allowed: Object.keys(routes) };
}

/** The same path without a slash at its end; the body of a GET shows it to a person. */
function redirect({ request, response }: Exchange, to: string): void {
  response.setHeader('Location', to);
  if (request.method === 'GET')
    sendText(response, 301, `<a href="${to}">Moved Permanently</a>.\n\n`, 'text/html; charset=utf-8');
  else sendNothing(response, 307);
}

const isPreflight = ({ method, headers }: IncomingMessage) =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined;

function asOllamaError(error: unknown, signal: AbortSignal): OllamaError {
  if (error instanceof OllamaError) return error;
  if (signal.aborted) return new OllamaError(499, 'request canceled');
  return new OllamaError(500, error instanceof Error ? error.message : String(error));
}

const HTML =
  '<!doctype html><html><head><title>Router</title></head><body><h1>Please log in</h1></body></html>';
const ENDLESS_PART = Buffer.alloc(64 * 1024, ' ');

/** Whether a fault has replaced the answer. */
function applyFault(context: ServerContext, response: ServerResponse): boolean {
  const { faults } = context;
  if (faults.is('half-open')) return true;
  if (faults.is('server-error')) {
    sendError(response, 500, 'something went wrong');
    return true;
  }
  if (faults.is('locked')) {
    response.setHeader('WWW-Authenticate', 'Bearer');
    sendJson(response, 401, { detail: 'Not authenticated' });
    return true;
  }
  if (faults.is('redirects')) {
    response.setHeader('Location', 'https://login.invalid/?next=%2F');
    sendText(response, 302, '<a href="https://login.invalid/">Found</a>.\n\n', 'text/html; charset=utf-8');
    return true;
  }
  if (faults.is('html')) {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(HTML);
    return true;
  }
  if (faults.is('half-json')) {
    response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end('{"models":[{"name":"mxbai-embed-la');
    return true;
  }
  if (faults.is('endless-body')) {
    writeEndlessly(response);
    return true;
  }
  return false;
}

/** A body that never ends, at the speed at which the client reads it. */
function writeEndlessly(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
  response.write('{"models":[');
  const writeMore = () => {
    if (response.destroyed) return;
    if (response.write(ENDLESS_PART)) setImmediate(writeMore);
    else response.once('drain', writeMore);
  };
  writeMore();
}
