/** The door for Immich: a listener that always answers, in front of runners that may sleep. */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { eitherOf } from '../../../shared/either.ts';
import { isAllowed } from '../../../shared/network/allowed-source.ts';
import type { OpenDoor, OpenImmichDoor } from '../../core/ports/immich-door.ts';
import type { Clock } from '../../core/ports/time.ts';
import { type ListenerLimits, usualLimits } from '../http/limits.ts';
import { createListener } from '../http/listener.ts';
import { type ConnectionRefusal, refusalStatus } from '../http/refusals.ts';
import { noBrowsers } from '../http/source.ts';
import { announcedBytes, receive } from './body.ts';
import { createBodyBudget } from './budget.ts';
import { readNeed } from './form.ts';
import { PASSED_ON } from './forward.ts';
import { createPredictions } from './predictions.ts';
import { answerOf, type DoorAnswer, DoorRefusal, refused } from './refusals.ts';

export type DoorOptions = Parameters<OpenImmichDoor>[0] & {
  clock: Clock;
  log(message: string, details: Record<string, unknown>): void;
};

/** Immich runs a few jobs at a time; each of its requests is one connection while it waits. */
const CONNECTIONS = 512;
/** Requests that wait before they are received. */
const MOST_WAITING = 256;
/** A request is not complete while it waits for memory. */
const REQUEST_MS = 360_000;
const CLOSE_MS = 2000;

const limits: ListenerLimits = {
  ...usualLimits,
  connections: CONNECTIONS,
  perAddress: CONNECTIONS,
  firstMs: 15_000,
  idleMs: 75_000,
  keepAliveMs: 75_000,
  requestMs: REQUEST_MS,
  headerBytes: 16 * 1024,
};

/** Rejects with the system's error if it cannot listen. */
export async function openDoor(options: DoorOptions): Promise<OpenDoor> {
  const { clock, rules, log } = options;
  const stopping = new AbortController();
  const predictions = createPredictions(options);
  const budget = createBodyBudget({ limit: () => rules().budgetBytes, mostWaiting: MOST_WAITING });

  const listener = createListener({
    limits,
    clock,
    source: noBrowsers,
    answer: (refusal: ConnectionRefusal) => ({ status: refusalStatus[refusal], body: { detail: refusal } }),
    handle(request, response) {
      serve(request, response).catch((error: unknown) => {
        log('A request of Immich failed.', { error: String(error) });
        response.destroy();
      });
    },
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('The client left.')));
    try {
      const { allowed } = rules();
      if (allowed !== null && !isAllowed(request.socket.remoteAddress ?? '', allowed)) {
        throw refused('IMMICH_NOT_ALLOWED');
      }
      if (listener.checkSource(request) !== null) throw refused('IMMICH_NOT_ALLOWED');
      const isGet = request.method === 'GET' || request.method === 'HEAD';
      if (isGet && path === '/ping') return send(request, response, pong);
      if (isGet && path === '/') return send(request, response, hello);
      if (path !== '/predict') return send(request, response, plain(404, 'Not Found'));
      if (request.method !== 'POST') return send(request, response, plain(405, 'Method Not Allowed'));
      using either = eitherOf(gone.signal, stopping.signal);
      send(request, response, await predict(request, either.signal));
    } catch (error) {
      if (gone.signal.aborted) return;
      if (error instanceof DoorRefusal) return send(request, response, answerOf(error));
      if (stopping.signal.aborted) return send(request, response, answerOf(refused('IMMICH_NO_RUNNER')));
      throw error;
    }
  }

  async function predict(request: IncomingMessage, signal: AbortSignal): Promise<DoorAnswer> {
    const arrivedAt = clock.monotonic();
    using _ = await inTime(announcedBytes(request), signal);
    const body = await receive(request, { clock, signal });
    const contentType = request.headers['content-type'] ?? '';
    const need = readNeed(contentType, body);
    if (need === 'ocr') {
      const { ocrUrl } = rules();
      // Another door that was entered by mistake would send it on as well, perhaps to this one.
      if (ocrUrl === null || request.headers[PASSED_ON] !== undefined) throw refused('PREDICT_NO_OCR');
      return await predictions.elsewhere({ url: ocrUrl, contentType, body, signal });
    }
    // Awaited here: its memory is given back when it has ended.
    return await predictions.predict({ need, contentType, body, arrivedAt, signal });
  }

  /** Room for the body, within the time that a request may wait. */
  async function inTime(bytes: number, signal: AbortSignal): Promise<Disposable> {
    const late = new AbortController();
    const timer = clock.timer(rules().holdMs, () => late.abort(refused('IMMICH_HELD_TOO_LONG')));
    try {
      using either = eitherOf(signal, late.signal);
      return await budget.take(bytes, either.signal);
    } finally {
      timer.cancel();
    }
  }

  function stop(): void {
    stopping.abort(new Error('The door closes.'));
    predictions.stop();
  }

  try {
    const { port } = await listener.listen(options.listen);
    return {
      port,
      state: () => ({ ...predictions.state(), bytes: budget.bytes }),
      async close() {
        stop();
        await listener.close(CLOSE_MS, clock);
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

const plain = (status: number, text: string): DoorAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ detail: text })),
});
const pong: DoorAnswer = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from('pong'),
};
const hello: DoorAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message: 'Immich ML' })),
};

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, statusText, headers, body }: DoorAnswer,
): void {
  if (response.destroyed || response.headersSent) return;
  // The rest of a request that was not read to its end is not awaited.
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  const unread = hasBody && !request.complete;
  response.writeHead(status, statusText ?? STATUS_CODES[status] ?? '', {
    ...headers,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(unread ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body, () => {
    if (unread) request.socket.destroySoon();
  });
}
