/** Downloads one file whose size is known, and continues where an earlier download stopped. */
import { createWriteStream, statSync } from 'node:fs';
import { type ClientRequest, get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { systemCode } from '../../../adapters/system-code.ts';

export interface FetchFileOptions {
  url: string;
  /** The file with what is there already; it grows. */
  part: string;
  sizeBytes: number;
  /** Called with the bytes that are there. */
  onBytes(doneBytes: number): void;
  signal: AbortSignal;
}

const MOST_REDIRECTS = 5;
/** Without a byte for so long, a connection is dead, milliseconds. */
const SILENCE_MS = 30_000;

/** Rejects with RUNNER_DOWNLOAD_FAILED, RUNNER_DOWNLOAD_WRONG (too long), DISK_FULL; the signal's reason. */
export async function fetchFile({ url, part, sizeBytes, onBytes, signal }: FetchFileOptions): Promise<void> {
  const have = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  // More than there should be cannot be continued.
  const from = have > sizeBytes ? 0 : have;
  if (from === sizeBytes && have === sizeBytes) return onBytes(sizeBytes);
  try {
    const response = await open(url, from, signal);
    const continues = from > 0 && response.statusCode === 206 && startsAt(response) === from;
    let done = continues ? from : 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        done += chunk.length;
        if (done > sizeBytes) throw new PilotlightError('RUNNER_DOWNLOAD_WRONG');
        onBytes(done);
        yield chunk;
      }
    };
    await pipeline(
      response,
      counted,
      createWriteStream(part, { flags: continues ? 'a' : 'w', mode: 0o600 }),
      {
        signal,
      },
    );
    if (done < sizeBytes) throw failed(url, `${done} of ${sizeBytes} bytes came`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PilotlightError) throw error;
    if (systemCode(error) === 'ENOSPC') throw new PilotlightError('DISK_FULL', { cause: error });
    throw failed(url, error instanceof Error ? error.message : String(error), error);
  }
}

function failed(url: string, reason: string, cause?: unknown): PilotlightError {
  const { host } = new URL(url);
  return new PilotlightError('RUNNER_DOWNLOAD_FAILED', {
    message: fact('RUNNER_SOURCE_FAILED', { host, reason }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The response with the content. Redirects are followed, but never from HTTPS to HTTP. */
async function open(url: string, from: number, signal: AbortSignal): Promise<IncomingMessage> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await request(at, from, signal);
    const { statusCode: status = 0, headers } = response;
    if (status === 200 || status === 206) return response;
    response.destroy();
    if (status < 300 || status > 399 || headers.location === undefined) throw failed(url, `status ${status}`);
    const next = new URL(headers.location, at);
    if (!/^https?:$/.test(next.protocol) || (at.protocol === 'https:' && next.protocol === 'http:'))
      throw failed(url, 'it redirects to an address that is not safe');
    at = next;
  }
  throw failed(url, 'it redirects too often');
}

function request(url: URL, from: number, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': 'pilotlight', ...(from > 0 ? { range: `bytes=${from}-` } : {}) };
    const asked: ClientRequest = get(url, { headers, signal, timeout: SILENCE_MS }, resolve);
    asked.on('timeout', () => asked.destroy(new Error('it sends nothing')));
    asked.on('error', reject);
  });
}

function startsAt({ headers }: IncomingMessage): number {
  return Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1] ?? -1);
}
