/** Which pages and which names of this computer the gateway serves, and what it tells a browser. */
import type { IncomingMessage } from 'node:http';
import {
  hostAllowed,
  originAllowed,
  ownName,
  pageHeaders,
  preflightHeaders,
} from '../../adapters/http/local-source.ts';

const EXPOSED =
  'X-Pilotlight-Node, X-Pilotlight-Route, X-Pilotlight-Fallback, X-Pilotlight-Error, Retry-After';

/** A name that someone made to resolve to this computer is refused. */
export function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  const { host } = headers;
  // Most requests name an address of loopback.
  if (host?.startsWith('127.0.0.1:') || host?.startsWith('localhost:')) return true;
  return hostAllowed(headers, [ownName, socket.localAddress]);
}

/** Pages of this computer and of desktop programs, and those that the gateway's own address serves. */
export function isOwnPage({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true;
  return (
    originAllowed(origin) || (host !== undefined && origin.toLowerCase() === `http://${host.toLowerCase()}`)
  );
}

export const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined;

/** Names and values in turn. */
export function corsHeaders(origin: string | undefined): string[] {
  if (origin === undefined) return [];
  return Object.entries({ ...pageHeaders(origin), 'Access-Control-Expose-Headers': EXPOSED }).flat();
}

/** The headers that the page asks for are granted: the gateway forwards what it does not know. */
export function preflightAnswer({ headers }: IncomingMessage): Record<string, string | string[]> {
  const wanted = headers['access-control-request-headers'];
  const usual = preflightHeaders(headers.origin ?? '');
  const valid = wanted !== undefined && /^[\w!#$%&'*+.^`|~, -]+$/.test(wanted);
  return valid
    ? { ...usual, 'Access-Control-Allow-Headers': `${usual['Access-Control-Allow-Headers']},${wanted}` }
    : usual;
}
