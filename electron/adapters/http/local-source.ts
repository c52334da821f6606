/**
 * Which requests Ollama answers while it is bound to loopback, by their Host and Origin. The gateway applies the same
 * rules, so that programs notice no difference.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { hostname } from 'node:os';
import { ipv4Number, readIpv4 } from '../../../shared/network/ipv4.ts';

/** What this computer calls itself. */
export const ownName = hostname().toLowerCase();

/** Host names that are local. */
const LOCAL_NAME = /^(?:localhost|.*\.localhost|.*\.local|.*\.internal)$/i;
const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?$/i;
/** Pages of desktop programs. */
const PROGRAM_ORIGIN = /^(?:app|file|tauri|vscode-webview|vscode-file):\/\//i;

/** Networks of private, loopback and unset addresses: their first address and the length of their prefix. */
const OWN_NETWORKS: readonly (readonly [address: string, prefix: number])[] = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['0.0.0.0', 32],
];

/**
 * Names that can't be registered on the internet: those of one label, such as the services of Docker Compose (Immich
 * calls `machine-learning:3003`), and those with an ending that routers use.
 */
const UNOWNED_NAME = /^(?=.*[a-z])[a-z0-9_-]+(?:\.(?:lan|home|localdomain|home\.arpa))?$/;

const nameOf = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();

/** Whether the Host is a name that a page's owner could make lead to this computer: it then reads its own address. */
export const couldBeRebound = (
  headers: Pick<IncomingHttpHeaders, 'host'>,
  own: readonly (string | undefined)[] = [],
): boolean => !hostAllowed(headers, own) && !UNOWNED_NAME.test(nameOf(headers.host ?? ''));

/** Whether the Host is a local name, a private address, or one of the computer's own names and addresses. */
export function hostAllowed(
  { host = '' }: Pick<IncomingHttpHeaders, 'host'>,
  own: readonly (string | undefined)[] = [],
): boolean {
  const name = nameOf(host);
  if (name === '' || LOCAL_NAME.test(name) || name === '::1' || name === '::') return true;
  if (own.includes(name)) return true;
  return readIpv4(name) !== null && OWN_NETWORKS.some((network) => isIn(name, network));
}

function isIn(address: string, [network, prefix]: readonly [string, number]): boolean {
  const size = 2 ** (32 - prefix);
  const [value, first] = [ipv4Number(address) ?? -1, ipv4Number(network) ?? 0];
  return value >= first && value < first + size;
}

export const originAllowed = (origin: string): boolean =>
  LOCAL_ORIGIN.test(origin) || PROGRAM_ORIGIN.test(origin);

const STAINLESS = [
  'Arch',
  'Async',
  'Custom-Poll-Interval',
  'Helper-Method',
  'Lang',
  'Os',
  'Package-Version',
  'Poll-Helper',
  'Retry-Count',
  'Runtime',
  'Runtime-Version',
  'Timeout',
];

/** Headers of every answer to a page. */
export const pageHeaders = (origin: string) => ({ 'Access-Control-Allow-Origin': origin, Vary: 'Origin' });

/** Headers of the answer to a preflight request. */
export const preflightHeaders = (origin: string) => ({
  'Access-Control-Allow-Headers': [
    'Authorization',
    'Content-Type',
    'User-Agent',
    'Accept',
    'X-Requested-With',
    'Openai-Beta',
    ...STAINLESS.map((name) => `X-Stainless-${name}`),
  ].join(','),
  'Access-Control-Allow-Methods': 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS',
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Max-Age': '43200',
  Vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
});
