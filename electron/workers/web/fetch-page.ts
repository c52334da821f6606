/**
 * Fetches a page or file of the web, with limits of size and time. Each redirect is an address like any other. A name is
 * resolved once, and the connection goes to the address that was asked about.
 */
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Http, HttpStream } from '../../core/ports/network.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { WebGuard } from './web-guard.ts';

export interface FetchedPage {
  /** After redirects, without a password. */
  url: string;
  bytes: Uint8Array;
  /** Its media type in lower case, without parameters; empty if the server named none. */
  type: string;
  /** That of its `content-type`; null without one. */
  charset: string | null;
}

export interface FetchLimits {
  bytes: number;
  /** Of all of it, redirects included, milliseconds. */
  timeMs: number;
  /** Until the server answers, and between two parts of its answer, milliseconds. */
  silenceMs: number;
  redirects: number;
}

export const fetchLimits: FetchLimits = {
  ...{ bytes: 64 * 1024 * 1024, timeMs: 120_000, silenceMs: 30_000, redirects: 10 },
};

export interface FetchTools {
  http: Pick<Http, 'open'>;
  clock: Pick<Clock, 'timer'>;
  guard: WebGuard;
  limits?: FetchLimits;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Another attempt may end differently. */
const PASSING = new Set([408, 425, 429]);
const HEADERS = {
  accept: 'text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.8,*/*;q=0.5',
  'accept-encoding': 'gzip, deflate, br',
  // Some servers refuse programs that do not say who they are.
  'user-agent': 'Mozilla/5.0 (compatible; Pilotlight)',
};

/**
 * Rejects with WEB_ADDRESS_WRONG, WEB_PRIVATE, WEB_MISSING, WEB_FAILED, WEB_REDIRECTS, FILE_TOO_LARGE, FILE_EMPTY,
 * HOST_UNREACHABLE, HOST_TIMEOUT, NAME_NOT_RESOLVED, or the signal's reason.
 */
export async function fetchPage(
  address: string,
  { http, clock, guard, limits = fetchLimits }: FetchTools,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const late = new AbortController();
  const timer = clock.timer(limits.timeMs, () => late.abort(new PilotlightError('HOST_TIMEOUT')));
  using limited = eitherOf(signal, late.signal);
  try {
    let next = address;
    for (let hops = 0; hops <= limits.redirects; hops += 1) {
      const { url, refuse } = guard.check(next);
      const answer = await http.open({
        ...{ method: 'GET', url: withoutHash(url), headers: HEADERS, fresh: true, signal: limited.signal },
        ...{ headersMs: limits.silenceMs, idleMs: limits.silenceMs },
        ...(refuse === undefined ? {} : { refuse }),
      });
      try {
        const target = REDIRECTS.has(answer.status) ? answer.headers.location : undefined;
        if (target === undefined) return await receive(answer, url, limits);
        next = resolveRedirect(target, url);
      } finally {
        answer.close();
      }
    }
    throw new PilotlightError('WEB_REDIRECTS', { details: { redirects: limits.redirects } });
  } catch (error) {
    signal.throwIfAborted();
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    timer.cancel();
  }
}

function resolveRedirect(target: string, from: URL): string {
  if (!URL.canParse(target, from.href)) throw new PilotlightError('WEB_ADDRESS_WRONG');
  // An absolute one goes to the guard as it is written: a parser would hide how its host is spelled.
  return /^[a-z][a-z0-9+.-]*:/i.test(target) ? target : new URL(target, from.href).href;
}

async function receive(answer: HttpStream, url: URL, limits: FetchLimits): Promise<FetchedPage> {
  const { status, headers } = answer;
  if (status < 200 || status >= 300) {
    const isPassing = status >= 500 || PASSING.has(status);
    throw new PilotlightError(isPassing ? 'WEB_FAILED' : 'WEB_MISSING', {
      message: fact('WEB_ANSWERED', { status }),
      details: { status },
    });
  }
  const length = Number(headers['content-length'] ?? 0);
  if (length > limits.bytes) throw tooLarge(length, limits);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of plain(answer)) {
    size += chunk.length;
    if (size > limits.bytes) throw tooLarge(size, limits);
    chunks.push(chunk);
  }
  if (size === 0) throw new PilotlightError('FILE_EMPTY', { message: fact('PAGE_HAS_NO_TEXT') });
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const charset = parameters.flatMap((part) => /^charset\s*=\s*"?([\w.:+-]{2,40})/i.exec(part)?.[1] ?? [])[0];
  return {
    url: publicForm(url),
    bytes: Buffer.concat(chunks),
    type: type.toLowerCase(),
    charset: charset ?? null,
  };
}

/** What is unpacked is counted as it comes, so a small answer cannot fill the memory. */
function plain({ body, headers }: HttpStream): AsyncIterable<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return body;
  const make = {
    gzip: createGunzip,
    'x-gzip': createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
  };
  const unpack = make[encoding as keyof typeof make];
  if (unpack === undefined)
    throw new PilotlightError('WEB_MISSING', { message: fact('WEB_ENCODING_UNKNOWN') });
  const unpacked = unpack();
  const packed = Readable.from(body, { objectMode: true });
  packed.on('error', (error) => unpacked.destroy(error));
  packed.pipe(unpacked);
  return (async function* () {
    try {
      for await (const chunk of unpacked) yield chunk as Uint8Array;
    } catch (error) {
      if (error instanceof PilotlightError) throw error;
      throw new PilotlightError('WEB_FAILED', { message: fact('WEB_ENCODING_BROKEN'), cause: error });
    } finally {
      packed.destroy();
      unpacked.destroy();
    }
  })();
}

const tooLarge = (bytes: number, { bytes: limit }: FetchLimits) =>
  new PilotlightError('FILE_TOO_LARGE', { message: fact('FILE_OVER_LIMIT', { bytes, limit }) });

function withoutHash(url: URL): string {
  const sent = new URL(url);
  sent.hash = '';
  return sent.href;
}

function publicForm(url: URL): string {
  const shown = new URL(withoutHash(url));
  shown.username = '';
  shown.password = '';
  return shown.href;
}
