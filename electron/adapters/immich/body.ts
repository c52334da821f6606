/** Receives the body of a request, within a limit of bytes and of time. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/ports/time.ts';
import { refused } from './refusals.ts';

/** Of one request: a picture of 30 MB, and its fields. */
export const MOST_BODY_BYTES = 32 * 1024 * 1024;
/** From the moment that it is received; waiting for memory does not count. */
const RECEIVE_MS = 60_000;

/** What the request will need; the most that is allowed if it does not say. Throws IMMICH_TOO_LARGE, PREDICT_BAD_FORM. */
export function announcedBytes({ headers }: Pick<IncomingMessage, 'headers'>): number {
  const length = headers['content-length'];
  if (length === undefined) return MOST_BODY_BYTES;
  const bytes = Number(length);
  if (!Number.isInteger(bytes) || bytes < 0) throw refused('PREDICT_BAD_FORM');
  if (bytes > MOST_BODY_BYTES) throw refused('IMMICH_TOO_LARGE');
  return bytes;
}

/** Throws IMMICH_TOO_LARGE, IMMICH_TOO_SLOW, PREDICT_BAD_FORM for a body that ends early, the signal's reason. */
export function receive(
  request: IncomingMessage,
  { clock, signal }: { clock: Pick<Clock, 'timer'>; signal: AbortSignal },
): Promise<Buffer> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = clock.timer(RECEIVE_MS, () => end(() => reject(refused('IMMICH_TOO_SLOW'))));
    function end(how: () => void): void {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      request.off('data', add).off('end', finish).off('error', cut).off('close', cut);
      request.on('error', () => {});
      how();
    }
    const abort = () => end(() => reject(signal.reason));
    const cut = () => end(() => reject(refused('PREDICT_BAD_FORM')));
    const finish = () => end(() => resolve(Buffer.concat(chunks, bytes)));
    function add(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > MOST_BODY_BYTES) end(() => reject(refused('IMMICH_TOO_LARGE')));
      else chunks.push(chunk);
    }
    signal.addEventListener('abort', abort, { once: true });
    request.on('data', add).on('end', finish).on('error', cut).on('close', cut);
  });
}
