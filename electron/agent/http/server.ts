/** Plain node:http with tight limits: an unauthenticated caller costs next to nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  agentProtocol,
  agreeOnProtocol,
  formatProtocol,
  PROTOCOL_HEADER,
  parseProtocol,
} from '../../../shared/contract/agent/protocol.ts';
import { agentApi } from '../../../shared/contract/agent.ts';
import type { Attempts } from '../../adapters/http/attempts.ts';
import { bearerAuthentication } from '../../adapters/http/authentication.ts';
import type { ConnectionClock } from '../../adapters/http/connections.ts';
import { type ListenerLimits, usualLimits } from '../../adapters/http/limits.ts';
import { createListener, type Listener } from '../../adapters/http/listener.ts';
import { couldBeRebound, ownName } from '../../adapters/http/local-source.ts';
import type { ConnectionRefusal, RequestRefusal } from '../../adapters/http/refusals.ts';
import { digestOf, findSecret } from '../../adapters/http/same-secret.ts';
import { isFromBrowser, noBrowsers } from '../../adapters/http/source.ts';
import { AgentError, type AgentErrorCode, errorText, toAgentError } from '../errors.ts';
import { readBody } from './body.ts';
import { type Access, createRouter, type Exchange, type Reply, type Route } from './route.ts';

export interface AgentServerOptions {
  routes: readonly Route[];
  /** The agent's token, and an existing server's secret. */
  secrets: readonly string[];
  attempts: Attempts;
  log(message: string): void;
  limits?: ListenerLimits | undefined;
  /** Clock of the connection limits. Default: the system's. */
  clock?: ConnectionClock | undefined;
}

/** Anyone with the token; the agent does not use it to tell panels apart. */
type Principal = 'token-holder';

export function createAgentServer({
  routes,
  secrets,
  attempts,
  log,
  limits = usualLimits,
  clock,
}: AgentServerOptions): Listener<Principal> {
  const find = createRouter(routes);
  const accepted = secrets.map(digestOf);
  const listener = createListener<Principal>({
    limits,
    clock,
    source: noBrowsers,
    authenticate: bearerAuthentication((bearer) =>
      findSecret(accepted, bearer) < 0 ? null : 'token-holder',
    ),
    attempts,
    answer(refusal) {
      const error = new AgentError(connectionErrors[refusal]);
      return { status: error.status, body: error.toBody() };
    },
    onRefused: ({ count, address }) =>
      log(`http: too many connections; ${count} refused or closed, the last from ${address}`),
    handle(request, response) {
      answer(request, response).catch((error: unknown) => {
        log(`http: ${errorText(error)}`);
        response.destroy();
      });
    },
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const { found, methods } = find(method, path);
    try {
      const access = accessFor(found?.route.access ?? 'token', request);
      if (access === 'token') refuse(listener.authenticate(request).refusal);
      else if (access === 'key') refuse(listener.checkAttempts(request));
      if (found === null) throw notFound(method, methods);
      if (found.route.path !== agentApi.health.path) {
        refuse(listener.checkSource(request));
        // Without a token, an image of any web page could otherwise do what the route does.
        if (access === 'open' && isFromBrowser(request.headers)) throw new AgentError('BROWSER_REFUSED');
        // Nor a page whose name was made to lead here, from which a browser can hide.
        if (
          found.route.access === 'open-here' &&
          access === 'open' &&
          couldBeRebound(request.headers, [ownName])
        )
          throw new AgentError('BROWSER_REFUSED');
        requireProtocol(request);
      }
      const exchange: Exchange = {
        method,
        path,
        raw: request,
        params: found.params,
        address: request.socket.remoteAddress ?? '',
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
      if (error.code === 'INTERNAL') log(`http: ${method} ${path}: ${errorText(error.cause)}`);
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

  return listener;
}

/** A program that sends a token means it to be right. */
function accessFor(access: Access, request: IncomingMessage): Exclude<Access, 'open-here'> {
  if (access !== 'open-here') return access;
  const isHere = /^(?:::ffff:)?127\.|^::1$/.test(request.socket.remoteAddress ?? '');
  return isHere && request.headers.authorization === undefined ? 'open' : 'token';
}

/** A script that names no version knows what it calls; a panel of another time would misread the answers. */
function requireProtocol({ headers }: IncomingMessage): void {
  const said = headers[PROTOCOL_HEADER];
  if (said === undefined) return;
  const core = typeof said === 'string' ? parseProtocol(said) : null;
  const mistake = `${PROTOCOL_HEADER}: two numbers like ${formatProtocol(agentProtocol)} are wanted.`;
  if (core === null) throw new AgentError('BAD_REQUEST', { message: mistake });
  const agreed = agreeOnProtocol(core, agentProtocol);
  if ('version' in agreed) return;
  throw new AgentError(agreed.tooOld === 'core' ? 'PANEL_TOO_OLD' : 'AGENT_TOO_OLD');
}

function refuse(refusal: RequestRefusal | null): void {
  switch (refusal?.reason) {
    case 'foreign-source':
      throw new AgentError('BROWSER_REFUSED');
    case 'slow-down':
      throw new AgentError('SLOW_DOWN', { headers: { 'retry-after': String(refusal.retryAfterSeconds) } });
    case 'unauthorized':
      throw new AgentError('UNAUTHORIZED', { headers: { 'www-authenticate': 'Bearer' } });
  }
}

const connectionErrors: Readonly<Record<ConnectionRefusal, AgentErrorCode>> = {
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
  // The rest of a request that was not read to its end is not awaited.
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
