/** Bare node:http with narrow limits: whoever is not let in costs next to nothing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { agentApi } from '../../../shared/contract/agent.ts';
import {
  type GuardOptions,
  guardListener,
  type ListenerLimits,
  type RefusalReason,
  serverOptions,
  usualLimits,
} from '../../adapters/http/listener.ts';
import type { Attempts } from '../attempts.ts';
import { AgentError, type AgentErrorCode, toAgentError, wordsOf } from '../errors.ts';
import type { TokenCheck } from '../token.ts';
import { readBody } from './body.ts';
import { createRouter, type Exchange, type Reply, type Route } from './route.ts';

export interface AgentServerOptions {
  routes: readonly Route[];
  checkToken: TokenCheck;
  attempts: Attempts;
  say(message: string): void;
  limits?: ListenerLimits;
  /** Of the limits of connections. Default: the system's. */
  clock?: GuardOptions['clock'];
}

export function createAgentServer({
  routes,
  checkToken,
  attempts,
  say,
  limits = usualLimits,
  clock,
}: AgentServerOptions): Server {
  const find = createRouter(routes);
  const server = createServer({ ...serverOptions(limits), requireHostHeader: false }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      say(`http: ${wordsOf(error)}`);
      response.destroy();
    });
  });
  const guard = guardListener(server, {
    limits,
    clock,
    refusal(reason) {
      const error = new AgentError(refusals[reason]);
      return { status: error.status, body: error.toBody() };
    },
    onRefused: ({ count, address }) =>
      say(`http: too many connections; ${count} refused or closed, the last from ${address}`),
  });
  server.on('clientError', guard.clientError);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const { found, methods } = find(method, path);
    try {
      const address = request.socket.remoteAddress ?? '';
      if (found?.route.access !== 'open') authorise(request, address, found?.route.access === 'key');
      if (found === null) throw notFound(method, methods);
      if (found.route.path !== agentApi.health.path) refuseBrowsers(request);
      const exchange: Exchange = {
        method,
        path,
        params: found.params,
        address,
        header: (name) => {
          const value = request.headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
        body: () => readBody(request),
      };
      const reply = await found.route.handle(exchange);
      if ('stream' in reply) {
        const end = reply.stream(response);
        response.on('close', end);
      } else send(request, response, reply, {});
    } catch (thrown) {
      const error = toAgentError(thrown);
      if (error.code === 'INTERNAL') say(`http: ${method} ${path}: ${wordsOf(error.cause)}`);
      const { status, headers } = error;
      if (error.code === 'NOT_FOUND' && found === null) {
        const endpoints =
          method === 'GET' ? { endpoints: routes.map((one) => `${one.method} ${one.path}`) } : {};
        send(request, response, { status, body: { error: 'Not found', ...endpoints } }, headers);
        return;
      }
      send(request, response, { status, body: found?.route.refusal?.(error) ?? error.toBody() }, headers);
    }
  }

  function authorise(request: IncomingMessage, address: string, byKey: boolean): void {
    const wait = attempts.waitMs(address);
    if (wait > 0) {
      // Nothing is compared: a right guess looks as a wrong one until the wait is over.
      throw new AgentError('SLOW_DOWN', { headers: { 'retry-after': String(Math.ceil(wait / 1000)) } });
    }
    if (byKey) return;
    const verdict = checkToken(request.headers.authorization);
    if (verdict === 'right') {
      attempts.right(address);
      guard.admit(request.socket);
      return;
    }
    if (verdict === 'wrong') attempts.wrong(address);
    throw new AgentError('UNAUTHORIZED', { headers: { 'www-authenticate': 'Bearer' } });
  }

  return server;
}

/** A page that a person happens to open must not steer a machine in their network. */
function refuseBrowsers({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none'))
    throw new AgentError('BROWSER_REFUSED');
}

const refusals: Readonly<Record<RefusalReason, AgentErrorCode>> = {
  busy: 'TOO_MANY_CONNECTIONS',
  'too-slow': 'TOO_SLOW',
  'headers-too-large': 'HEADERS_TOO_LARGE',
  malformed: 'BAD_REQUEST',
};

function notFound(method: string, methods: readonly string[]): AgentError {
  if (methods.length === 0) return new AgentError('NOT_FOUND');
  return new AgentError('METHOD_NOT_ALLOWED', {
    headers: { allow: methods.join(', ') },
    details: { method, allowed: methods },
  });
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: Reply,
  extra: Readonly<Record<string, string>>,
): void {
  if (response.destroyed || response.headersSent) return;
  const content = Buffer.from(JSON.stringify(body));
  // The rest of a request that was not read to its end is not waited for.
  const { headers } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const unread = hasBody && !request.complete;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': content.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...extra,
    ...(unread ? { connection: 'close' } : {}),
  });
  response.end(content, () => {
    if (unread) request.socket.destroySoon();
  });
}
