/** The HTTP interface: which route answers, what errors look like, and the faults that affect every answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Exchange, sendError, sendText, writeLine } from './http-exchange.ts';
import { OllamaError } from './model.ts';
import * as embedRoutes from './routes-embed.ts';
import * as generateRoutes from './routes-generate.ts';
import * as libraryRoutes from './routes-library.ts';
import * as openaiRoutes from './routes-openai.ts';
import * as pullRoutes from './routes-pull.ts';
import type { ServerContext } from './server-context.ts';

type Route = (context: ServerContext, exchange: Exchange) => void | Promise<void>;

const alive: Route = (_context, exchange) => sendText(exchange.response, 200, 'Ollama is running');

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/': { GET: alive, HEAD: alive },
  '/api/version': { GET: libraryRoutes.version, HEAD: libraryRoutes.version },
  '/api/tags': { GET: libraryRoutes.tags, HEAD: libraryRoutes.tags },
  '/api/ps': { GET: libraryRoutes.ps },
  '/api/show': { POST: libraryRoutes.show },
  '/api/delete': { DELETE: libraryRoutes.remove },
  '/api/pull': { POST: pullRoutes.pull },
  '/api/generate': { POST: generateRoutes.generate },
  '/api/chat': { POST: generateRoutes.chat },
  '/api/embed': { POST: embedRoutes.embed },
  '/api/embeddings': { POST: embedRoutes.embeddings },
  '/v1/models': { GET: openaiRoutes.models },
  '/v1/chat/completions': { POST: openaiRoutes.chatCompletions },
  '/v1/embeddings': { POST: openaiRoutes.embeddings },
};

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
/** Host names that a server bound to loopback accepts. */
const LOCAL_HOST = /^(localhost|.*\.localhost|.*\.local|.*\.internal)$/i;

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
    const found = routeFor(path, request.method ?? 'GET');
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
      if (path.startsWith('/v1/')) openaiRoutes.fail(response, failure);
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
    if (!hostAllowed(request)) {
      response.writeHead(403, { 'Content-Length': 0 });
      response.end();
      return;
    }
    if (applyFault(context, response)) return;
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

type Found = { kind: 'route'; route: Route } | { kind: 'missing' } | { kind: 'method'; allowed: string[] };

function routeFor(path: string, method: string): Found {
  const routes =
    ROUTES[path] ?? (/^\/v1\/models\/[^/]+/.test(path) ? { GET: openaiRoutes.model } : undefined);
  if (!routes) return { kind: 'missing' };
  const route = (routes as Readonly<Record<string, Route>>)[method];
  return route ? { kind: 'route', route } : { kind: 'method', allowed: Object.keys(routes) };
}

function asOllamaError(error: unknown, signal: AbortSignal): OllamaError {
  if (error instanceof OllamaError) return error;
  if (signal.aborted) return new OllamaError(499, 'request canceled');
  return new OllamaError(500, error instanceof Error ? error.message : String(error));
}

/** Bound to loopback, a server answers only to local names and private addresses. */
function hostAllowed(request: IncomingMessage): boolean {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (host === '' || LOCAL_HOST.test(host)) return true;
  if (host === '::1' || host === '::') return true;
  return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|0\.0\.0\.0$)[\d.]*$/.test(host);
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
