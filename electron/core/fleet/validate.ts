/** Validates and normalises what a person enters for a node. Errors name the field. */
import { DEFAULT_AGENT_PORT, DEFAULT_RELAY_PORT } from '../../../shared/contract/agent.ts';
import { type ErrorCode, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { type ApiKind, basePath } from '../../../shared/network/api-path.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { isSingleMachine, parseMac, readSecureOn } from '../../../shared/network/mac.ts';
import { trimPasted } from '../../../shared/network/pasted.ts';
import { type AddressFault, readWebAddress } from '../../../shared/network/web-address.ts';

export const DEFAULT_SERVER_PORT = 11434;

function refuse(code: ErrorCode, field: string, value: string, message?: Message): PilotlightError {
  return new PilotlightError(code, {
    ...(message === undefined ? {} : { message }),
    // A value with an @ may contain a password.
    details: { field, value: value.includes('@') ? '' : value.slice(0, 200) },
  });
}

/** Of an address as it is saved, in which a letter outside ASCII takes several characters. */
const MAX_ADDRESS = 2000;

const faultMessages: Readonly<Record<AddressFault, Message | undefined>> = {
  'not-an-address': undefined,
  ipv4: fact('ADDRESS_NOT_PLAIN_IPV4'),
  'not-http': fact('ADDRESS_NOT_HTTP'),
  password: fact('ADDRESS_WITH_PASSWORD'),
  query: fact('ADDRESS_WITH_QUERY'),
  'port-zero': fact('PORT_ZERO'),
};

/**
 * The base URL of a server: `http` or `https`, no credentials, query or trailing slash, and without the path of its API.
 * Without a scheme it defaults to `http` and Ollama's port. Throws BAD_URL.
 */
export function normaliseServerUrl(text: string, field = 'url'): string {
  return normaliseUrl(text, { field, defaultPort: DEFAULT_SERVER_PORT, api: 'server' });
}

function normaliseUrl(
  text: string,
  { field, defaultPort, api }: { field: string; defaultPort: number; api: ApiKind },
): string {
  const read = readWebAddress(text);
  if (!read.ok) {
    // The value is left out if it contains a password.
    throw refuse('BAD_URL', field, read.fault === 'password' ? '' : text, faultMessages[read.fault]);
  }
  const { url, hasScheme, hasPort } = read;
  if (!hasScheme && !hasPort) url.port = String(defaultPort);
  const address = `${url.protocol}//${url.host}${basePath(url.pathname, api)}`;
  if (address.length > MAX_ADDRESS) {
    throw refuse('BAD_URL', field, text, fact('ADDRESS_TOO_LONG', { limit: MAX_ADDRESS }));
  }
  return address;
}

/** The host of a normalised URL, IPv6 without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether a host means this computer: `localhost`, 127.0.0.0/8 or `::1`. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    readIpv4(name)?.startsWith('127.') === true
  );
}

/** The URL of an agent; without a scheme, `http` and port 8765 are the defaults. Throws BAD_URL. */
export function normaliseAgentUrl(text: string, field = 'agentUrl'): string {
  return normaliseUrl(text, { field, defaultPort: DEFAULT_AGENT_PORT, api: 'agent' });
}

/** The URL of a shutdown server, entered with or without `/shutdown` at its end. Throws BAD_URL. */
export function normaliseShutdownUrl(text: string, field = 'shutdownUrl'): string {
  return normaliseUrl(text, { field, defaultPort: DEFAULT_AGENT_PORT, api: 'agent' });
}

/** The URL of a relay, entered with or without `/wake` at its end. Throws BAD_URL. */
export function normaliseRelayUrl(text: string, field: string): string {
  return normaliseUrl(text, { field, defaultPort: DEFAULT_RELAY_PORT, api: 'agent' });
}

/** The URL of a server that indexes, entered with or without `/index/…` at its end; its default port is that of the web. Throws BAD_URL. */
export function normaliseIndexUrl(text: string, field = 'url'): string {
  return normaliseUrl(text, { field, defaultPort: 80, api: 'index' });
}

/** The wake methods in the person's order, without duplicates. Throws BAD_WAY or BAD_URL, naming the field. */
export function normaliseWakeMethods(methods: readonly WakeWay[], field = 'wakeWays'): WakeWay[] {
  const normal = methods.map((method, index): WakeWay => {
    const name = `${field}.${index}`;
    if (method.kind === 'relay') return { kind: 'relay', url: normaliseRelayUrl(method.url, name) };
    if (method.kind === 'command' && (method.command[0] ?? '').trim() === '') {
      throw new PilotlightError('BAD_WAY', {
        message: fact('COMMAND_WITHOUT_PROGRAM'),
        details: { field: name },
      });
    }
    if (method.kind === 'command' && method.command.some((part) => part.includes('\0'))) {
      throw new PilotlightError('BAD_WAY', {
        message: fact('COMMAND_WITH_NUL'),
        details: { field: name },
      });
    }
    return method;
  });
  const unique = new Map(normal.map((method) => [JSON.stringify(method), method]));
  return [...unique.values()];
}

/** Throws BAD_WAY if a method uses the agent of an unknown node, or of the node itself, which is asleep then. */
export function refuseUnknownRelays(
  { id, wakeWays }: { id: string; wakeWays: readonly WakeWay[] },
  isKnown: (nodeId: string) => boolean,
): void {
  for (const [index, method] of wakeWays.entries()) {
    if (method.kind !== 'agent') continue;
    const own = method.nodeId === id;
    if (!own && isKnown(method.nodeId)) continue;
    throw new PilotlightError('BAD_WAY', {
      message: fact(own ? 'CANNOT_WAKE_ITSELF' : 'NO_SUCH_WAKING_NODE'),
      details: { field: `wakeWays.${index}`, nodeId: method.nodeId },
    });
  }
}

/** A key that is equal for two addresses of one server; loopback has several names. */
export function sameServerKey(url: string): string {
  const parsed = new URL(url);
  const host = hostOf(url);
  const port = parsed.port === '' ? (parsed.protocol === 'https:' ? '443' : '80') : parsed.port;
  const loopback = host === 'localhost' || host === '::1' || host === '127.0.0.1';
  return `${loopback ? 'loopback' : host}:${port}${parsed.pathname.replace(/\/+$/, '')}`;
}

/**
 * One machine's MAC address as `AA:BB:CC:DD:EE:FF`, from pairs with colons, dashes or spaces, dotted groups of four,
 * or 12 bare digits. Throws BAD_MAC.
 */
export function normaliseMac(text: string, field = 'mac'): string {
  const mac = parseMac(text);
  if (mac === null) throw refuse('BAD_MAC', field, text);
  if (!isSingleMachine(mac)) {
    throw refuse('BAD_MAC', field, text, fact('MAC_OF_NO_MACHINE'));
  }
  return mac;
}

/** SecureOn: four decimal bytes with dots, or six bytes written like a MAC address. Throws BAD_MAC. */
export function normaliseSecureOn(text: string, field = 'secureOn'): string {
  const secureOn = readSecureOn(text);
  if (secureOn !== null) return secureOn;
  throw new PilotlightError('BAD_MAC', {
    message: fact('NOT_A_SECURE_ON_PASSWORD'),
    next: fact('WRITE_SECURE_ON'),
    // The value is left out because it is a password.
    details: { field },
  });
}

export interface Destination {
  address: string;
  /** null for the usual ports, 9 and 7. */
  port: number | null;
}

/** `address[:port]` of one wake destination. Throws BAD_DESTINATION. */
export function parseDestination(text: string, field = 'wakeDestinations'): Destination {
  const [host = '', portText, ...rest] = trimPasted(text).split(':');
  const address = readIpv4(host);
  if (!address || rest.length > 0 || address.startsWith('0.')) throw refuse('BAD_DESTINATION', field, text);
  if (portText === undefined) return { address, port: null };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) throw refuse('BAD_DESTINATION', field, text, fact('PORT_RANGE'));
  return { address, port };
}

function formatDestination({ address, port }: Destination): string {
  return port === null ? address : `${address}:${port}`;
}

/** Normalised destinations without duplicates. */
export function normaliseDestinations(texts: readonly string[]): string[] {
  const formatted = texts.map((text, index) =>
    formatDestination(parseDestination(text, `wakeDestinations.${index}`)),
  );
  return [...new Set(formatted)];
}

/** The default name of a node. */
export function nameFromUrl(url: string): string {
  const host = hostOf(url);
  return readIpv4(host) || host.includes(':') ? host : (host.split('.')[0] ?? host);
}
