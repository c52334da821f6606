/** What OLLAMA_HOST says about where a server is. It is a server's own variable, so it may name a wildcard. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { hostOf, isLoopbackHost, normaliseServerUrl } from './validate.ts';

export const DEFAULT_LOCAL_SERVER = 'http://127.0.0.1:11434';

export type OllamaHost =
  | { kind: 'loopback'; url: string }
  /** Another machine: offered to the person, never contacted by itself. */
  | { kind: 'offer'; url: string; source: string };

/**
 * Reads `host`, `host:port`, `:port`, `scheme://host[:port]` and IPv6 with or without brackets. A server that
 * listens on every interface (`0.0.0.0`, `::`) answers on loopback. With a scheme and no port Ollama's own
 * client takes 80 or 443, so it is the same here. null when it is empty or cannot be read.
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
