/** What a role offers over HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentEndpoint, AnswerSent, RequestOf } from '../../../shared/contract/agent.ts';
import type { AgentError } from '../errors.ts';
import { checked } from './body.ts';

export interface Exchange {
  method: string;
  path: string;
  /** The decoded value of `{name}` in the route's path. */
  params: Readonly<Record<string, string>>;
  /** The caller's address. */
  address: string;
  header(name: string): string | undefined;
  /** For routes that pass the request on. */
  raw: IncomingMessage;
  /** The JSON body; undefined without one. Throws BAD_JSON, BODY_TOO_LARGE. */
  body(): Promise<unknown>;
}

export interface Reply<Body = unknown> {
  status: number;
  body: Body;
}

/** Takes over the response; the function it returns is called when the connection ends. */
export interface StreamReply {
  stream(response: ServerResponse): () => void;
}

/** `open` answers without a token, `open-here` only programs on this machine; `key` checks its own key. */
export type Access = 'token' | 'open' | 'open-here' | 'key';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/v1/leases/{id}` */
  path: string;
  access: Access;
  handle(exchange: Exchange): Reply | StreamReply | Promise<Reply | StreamReply>;
  /** The body of a refusal, for existing clients that expect another shape. */
  refusal?(error: AgentError): unknown;
}

/** A route of the protocol: its handler gets the validated request of the endpoint and returns its response. */
export function serve<Endpoint extends AgentEndpoint>(
  { method, path, access, request }: Endpoint,
  handle: (
    request: RequestOf<Endpoint>,
    exchange: Exchange,
  ) => Reply<AnswerSent<Endpoint>> | Promise<Reply<AnswerSent<Endpoint>>>,
  options: Partial<Pick<Route, 'access' | 'refusal'>> = {},
): Route {
  return {
    method,
    path,
    access,
    ...options,
    async handle(exchange) {
      const body = request === undefined ? undefined : checked(request, await exchange.body());
      return handle(body as RequestOf<Endpoint>, exchange);
    },
  };
}

export const ok = <Body>(body: Body): Reply<Body> => ({ status: 200, body });

export interface FoundRoute {
  route: Route;
  params: Record<string, string>;
}

/** Finds routes by method and path; `methods` are the methods that the path supports. */
export function createRouter(routes: readonly Route[]) {
  const plain = new Map<string, Route[]>();
  const patterns: { route: Route; parts: string[] }[] = [];
  for (const route of routes) {
    if (route.path.includes('{')) patterns.push({ route, parts: route.path.split('/') });
    else plain.set(route.path, [...(plain.get(route.path) ?? []), route]);
  }

  return (method: string, path: string): { found: FoundRoute | null; methods: string[] } => {
    const candidates: FoundRoute[] = (plain.get(path) ?? []).map((route) => ({ route, params: {} }));
    const parts = path.split('/');
    for (const pattern of patterns) {
      const params = matchParts(pattern.parts, parts);
      if (params !== null) candidates.push({ route: pattern.route, params });
    }
    const found = candidates.find(({ route }) => route.method === method) ?? null;
    return { found, methods: candidates.map(({ route }) => route.method) };
  };
}

function matchParts(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (!wanted.startsWith('{')) {
      if (part !== wanted) return null;
      continue;
    }
    try {
      params[wanted.slice(1, -1)] = decodeURIComponent(part);
    } catch {
      return null;
    }
  }
  return params;
}
