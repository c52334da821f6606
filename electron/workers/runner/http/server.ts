/** The runner's HTTP listener. It answers from the moment it listens: what is not ready yet gets 503 and a time. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCatalogue, isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { createSystemClock } from '../../../adapters/clock.ts';
import { bearerAuthentication } from '../../../adapters/http/authentication.ts';
import type { ListenerLimits } from '../../../adapters/http/limits.ts';
import { linger } from '../../../adapters/http/linger.ts';
import { createListener, type Listener } from '../../../adapters/http/listener.ts';
import { couldBeRebound, ownName } from '../../../adapters/http/local-source.ts';
import { refusalStatus } from '../../../adapters/http/refusals.ts';
import { sameSecret } from '../../../adapters/http/same-secret.ts';
import { noBrowsers } from '../../../adapters/http/source.ts';
import { wireRefusal } from '../../../adapters/http/wire-refusals.ts';
import type { Log } from '../../../core/ports/log.ts';
import { readBytes, readJson } from './body.ts';
import { createMatcher, type Match } from './match.ts';
import type { RunnerAnswer, RunnerRequest, RunnerRoute } from './route.ts';

/** Clients are programs that keep their connections; a picture may take a while to arrive. */
export const runnerLimits: ListenerLimits = {
  connections: 1024,
  perAddress: 1024,
  firstMs: 15_000,
  idleMs: 75_000,
  keepAliveMs: 75_000,
  requestMs: 120_000,
  headerBytes: 16 * 1024,
};

export interface AnsweredRequest {
  method: string;
  /** Of the route; empty for none. */
  path: string;
  status: number;
  ms: number;
}

export interface RunnerServerOptions {
  routes: readonly RunnerRoute[];
  token: string;
  /** Others than programs of this computer can connect. */
  isRemote: boolean;
  /** Aborted when the runner stops. */
  signal: AbortSignal;
  log: Log;
  /** Called for each request when it has been answered. */
  onAnswered(answered: AnsweredRequest): void;
  limits?: ListenerLimits;
}

const clock = createSystemClock();

/** When a request that came too early should come again, seconds. */
const RETRY_AFTER = '1';

export function createRunnerServer(options: RunnerServerOptions): Listener<'token-holder'> {
  const { routes, token, isRemote, signal, log } = options;
  const find = createMatcher(routes);
  /** A signal that follows two others is remembered by both until garbage is collected: 20 MB at a thousand a second. */
  const answering = new Set<AbortController>();
  signal.addEventListener('abort', () => {
    for (const gone of answering) gone.abort(signal.reason);
  });
  const listener = createListener<'token-holder'>({
    limits: options.limits ?? runnerLimits,
    source: noBrowsers,
    authenticate: bearerAuthentication((bearer) => (sameSecret(bearer, token) ? 'token-holder' : null)),
    answer: wireRefusal,
    handle(request, response) {
      serve(request, response).catch((error: unknown) => {
        log.error('A request to the runner failed.', { error: String(error) });
        response.destroy();
      });
    },
  });

  function refuse(request: IncomingMessage, { access }: RunnerRoute): void {
    if (listener.checkSource(request) !== null)
      throw new PilotlightError('UNAUTHORIZED', {
        message: 'Pages in a browser cannot use the runner.',
        next: "Send the request from a program, or use the Runner page of Pilotlight's panel.",
      });
    // Whoever owns a name can make it resolve to this computer: a page there sends no Origin when it reads its own address.
    const isForeign = !isRemote && couldBeRebound(request.headers, [ownName]);
    if (isForeign && request.headers.authorization === undefined)
      throw new PilotlightError('UNAUTHORIZED', {
        message: 'The runner does not answer at this name.',
        next: 'Use 127.0.0.1 or localhost in its address, or send its token.',
      });
    const needsToken = access === 'token' || isForeign || (isRemote && access !== 'open');
    // A program that sends a token means it to be right.
    if (!needsToken && request.headers.authorization === undefined) return;
    const { refusal } = listener.authenticate(request);
    if (refusal !== null && needsToken)
      throw new PilotlightError('UNAUTHORIZED', {
        next: 'Send "Authorization: Bearer TOKEN" with the token of this runner.',
      });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const url = new URL(request.url ?? '/', 'http://runner');
    const { match, methods } = find(method, url.pathname);
    let answer: RunnerAnswer;
    if (match === null) answer = unknownRoute(methods);
    else {
      const gone = new AbortController();
      answering.add(gone);
      if (signal.aborted) gone.abort(signal.reason);
      response.once('close', () => {
        answering.delete(gone);
        gone.abort(new PilotlightError('CANCELLED'));
      });
      try {
        refuse(request, match.route);
        const asked = requestOf(request, url, match, gone.signal);
        answer = await match.route.handle(asked);
      } catch (error) {
        answer = refusalOf(error, match.route, log);
      }
    }
    send(request, response, answer);
    const path = match?.route.path ?? '';
    options.onAnswered({ method, path, status: answer.status, ms: performance.now() - startedAt });
  }

  return listener;
}

function requestOf(
  request: IncomingMessage,
  url: URL,
  { params }: Match,
  signal: AbortSignal,
): RunnerRequest {
  return {
    method: request.method ?? '',
    path: url.pathname,
    params,
    query: url.searchParams,
    headers: request.headers,
    signal,
    bytes: (limit) => readBytes(request, limit),
    json: (limit) => readJson(request, limit),
    stream: request,
  };
}

function unknownRoute(methods: readonly string[]): RunnerAnswer {
  if (methods.length === 0) {
    const unknown = { message: 'The runner has no such path.', next: 'docs/runner.md lists its paths.' };
    return { status: 404, body: new PilotlightError('NOT_FOUND', unknown).toWire() };
  }
  return {
    status: 405,
    headers: { allow: methods.join(', ') },
    body: new PilotlightError('BAD_REQUEST', {
      message: 'This path has other methods.',
      next: `Use ${methods.join(' or ')}.`,
    }).toWire(),
  };
}

function refusalOf(thrown: unknown, route: RunnerRoute, log: Log): RunnerAnswer {
  let error = isPilotlightError(thrown) ? thrown : null;
  if (error === null) {
    log.error('A route of the runner failed.', {
      path: route.path,
      error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    });
    error = new PilotlightError('INTERNAL');
  }
  const { status } = errorCatalogue[error.code];
  const { code, message: text, next } = error;
  const said = error.said?.code ?? null;
  const answer = route.refusal?.({ code, text, next, status, said }) ?? { status, body: error.toWire() };
  if (answer.status !== refusalStatus.busy && answer.status !== refusalStatus['slow-down']) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': RETRY_AFTER } };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: RunnerAnswer,
): void {
  if (response.destroyed || response.headersSent) return;
  if (isStream(body)) return void sendStream(response, status, headers, body);
  const isText = typeof body === 'string';
  const content = Buffer.from(isText ? body : JSON.stringify(body));
  // Whoever still sends while the answer goes out gets it: closing at once would discard it.
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  const unread = hasBody && !request.complete;
  if (unread) response.shouldKeepAlive = true;
  response.writeHead(status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': content.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : content, () => {
    if (unread) linger(request, clock);
  });
}

const isStream = (body: unknown): body is AsyncIterable<string> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;

/** Never rejects: an error after the head can only cut the connection. */
async function sendStream(
  response: ServerResponse,
  status: number,
  headers: RunnerAnswer['headers'],
  body: AsyncIterable<string>,
): Promise<void> {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  try {
    for await (const text of body) if (!response.write(text)) await once(response, 'drain');
    response.end();
  } catch {
    response.destroy();
  }
}
