/** Sends a request to a runner as it came, and receives the answer. */
import { request as sendHttp } from 'node:http';
import { request as sendHttps } from 'node:https';
import type { PredictPlace } from '../../core/ports/immich-door.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { DoorAnswer } from './refusals.ts';

/** A header of what one door sends on. */
export const PASSED_ON = 'x-pilotlight-door';

export interface ForwardOptions {
  place: Pick<PredictPlace, 'url' | 'token'>;
  contentType: string;
  body: Buffer;
  clock: Pick<Clock, 'timer'>;
  signal: AbortSignal;
}

/** A machine that has just gone to sleep does not refuse connections: it is silent. */
const CONNECT_MS = 3000;
/** The first request of a model loads it, and times it on each provider. */
const ANSWER_MS = 150_000;
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;
/** What the request itself is to blame for; another runner would answer the same. 501: no runner reads texts in pictures. */
const FINAL = new Set([200, 400, 413, 415, 422, 501]);

/** Nothing accepted the connection, so the request did not reach it. */
export class NotReached extends Error {}

/** Rejects with NotReached, or if the runner failed, so that another one may be tried; with the signal's reason when that aborts. */
export function forward({ place, contentType, body, clock, signal }: ForwardOptions): Promise<DoorAnswer> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = {
      'content-type': contentType,
      'content-length': body.length,
      [PASSED_ON]: '1',
    };
    if (place.token !== null) headers.authorization = `Bearer ${place.token}`;
    const send = place.url.startsWith('https:') ? sendHttps : sendHttp;
    const asked = send(`${place.url.replace(/\/+$/, '')}/predict`, { method: 'POST', headers, agent: false });
    let isConnected = false;
    const fail = (reason: string) =>
      end(() => reject(isConnected ? new Error(reason) : new NotReached(reason)));
    const silent = clock.timer(CONNECT_MS, () => fail('It does not answer.'));
    const late = clock.timer(ANSWER_MS, () => fail('It took too long.'));
    const abort = () => end(() => reject(signal.reason));
    function end(how: () => void): void {
      silent.cancel();
      late.cancel();
      signal.removeEventListener('abort', abort);
      asked.on('error', () => {});
      asked.destroy();
      how();
    }
    signal.addEventListener('abort', abort, { once: true });
    asked.on('socket', (socket) =>
      socket.once('connect', () => {
        isConnected = true;
        silent.cancel();
      }),
    );
    asked.on('error', (error) => fail(error.message));
    asked.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MOST_ANSWER_BYTES) fail('Its answer is too large.');
      });
      answer.on('error', (error) => fail(error.message));
      answer.on('close', () => {
        if (!answer.complete) return fail('Its answer ended early.');
        const content = Buffer.concat(chunks, bytes);
        if (!FINAL.has(status)) return fail(`It answered ${status}: ${content.toString('utf8', 0, 300)}`);
        const type = answer.headers['content-type'] ?? 'application/json';
        end(() => resolve({ status, headers: { 'content-type': type }, body: content }));
      });
    });
    asked.end(body);
  });
}
