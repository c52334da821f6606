/** A request that follows redirects: where releases are kept is often another host than the one that is named. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isPrivateHost } from '../../../shared/network/private-address.ts';
import { isThisComputer, isUpdateAddress } from '../../../shared/network/update-address.ts';
import type { Http, HttpStream } from '../../core/ports/network.ts';

const MOST_HOPS = 5;
const HEADERS_MS = 15_000;
/** Between two pieces of a body. */
const IDLE_MS = 30_000;

/** Rejects with UPDATE_UNREACHABLE or the signal's reason. The caller reads or closes the body. */
export async function openFollowing(
  http: Pick<Http, 'open'>,
  options: { url: string; headers?: Record<string, string>; signal: AbortSignal },
): Promise<HttpStream> {
  const { headers = {}, signal } = options;
  let url = options.url;
  for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
    // Each step: a redirect must not lead from https to plain http, nor to a page of another kind.
    if (!isUpdateAddress(withoutQuery(url))) throw unreachable(`${url} is not an https address.`);
    if (nearness(url) > nearness(options.url)) throw unreachable(`It redirects to ${url}, which is nearer.`);
    const stream = await http
      .open({
        ...{ method: 'GET', url, signal, headersMs: HEADERS_MS, idleMs: IDLE_MS },
        // A compressed answer would have another size than the signed one.
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Pilotlight', ...headers },
      })
      .catch((error: unknown) => {
        if (signal.aborted) throw signal.reason;
        throw unreachable(error instanceof Error ? error.message : String(error), error);
      });
    const { location } = stream.headers;
    if (![301, 302, 303, 307, 308].includes(stream.status)) return stream;
    stream.close();
    if (location === undefined || !URL.canParse(location, url)) throw unreachable('It redirects to nowhere.');
    url = new URL(location, url).href;
  }
  throw unreachable('It redirects too often.');
}

/**
 * The internet, then an own network, then this computer. A server must not have programs asked that it can't reach itself,
 * and that trust whoever can.
 */
function nearness(url: string): number {
  const parsed = new URL(url);
  if (isThisComputer(parsed)) return 2;
  return isPrivateHost(parsed.hostname) === true ? 1 : 0;
}

/** Addresses of stored files have signatures in their query. */
function withoutQuery(url: string): string {
  const parsed = new URL(url);
  parsed.search = '';
  parsed.hash = '';
  return parsed.href;
}

export const unreachable = (reason: string, cause?: unknown): PilotlightError =>
  new PilotlightError('UPDATE_UNREACHABLE', { details: { reason }, cause });

/** `address/name`, whether or not the address ends with a slash. */
export const inFolder = (address: string, name: string): string => `${address.replace(/\/+$/, '')}/${name}`;
