/** Reads OLLAMA_HOST. It configures a server, so it may contain a wildcard address. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { hostOf, isLoopbackHost, normaliseServerUrl } from './validate.ts';

export const DEFAULT_LOCAL_SERVER = 'http://127.0.0.1:11434';

export type OllamaHost =
  | { kind: 'loopback'; url: string }
  /** Another machine: offered in the panel, never contacted automatically. */
  | { kind: 'offer'; url: string; source: string };

/**
 * Reads `host`, `host:port`, `:port`, `scheme://host[:port]` and IPv6 with or without brackets. A server that
 * listens on every interface (`0.0.0.0`, `::`) answers on loopback. With a scheme but no port, the port is 80 or 443
 * as in Ollama's own client. null if it is empty or invalid.
 */
export function readOllamaHost(environmentValue: string | undefined): OllamaHost | null {
  const text = (environmentValue ?? '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();
  if (text === '') return null;
  const url = parse(text.startsWith(':') && !text.startsWith('::') ? `127.0.0.1${text}` : text);
  if (url === null) return null;
  const host = hostOf(url);
  if (host === '0.0.0.0' || host === '::') return { kind: 'loopback', url: withHost(url, '127.0.0.1') };
  if (isLoopbackHost(host)) return { kind: 'loopback', url };
  return { kind: 'offer', url, source: 'OLLAMA_HOST' };
}

function parse(text: string): string | null {
  try {
    return normaliseServerUrl(text);
  } catch (error) {
    if (isPilotlightError(error)) return null;
    throw error;
  }
}

function withHost(url: string, host: string): string {
  const parsed = new URL(url);
  parsed.hostname = host;
  return parsed.href.replace(/\/+$/, '');
}
