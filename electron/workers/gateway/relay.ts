/**
 * Sends one request to one node and its answer to the client, with backpressure in both directions. Nothing is
 * buffered: a client that reads slowly pauses the node.
 */

import type { Dispatcher } from 'undici';
import type { FailureKind } from '../../core/acquire/failure.ts';
import { createStreamWatch, type StreamKind, type StreamWatch, streamKind } from './completion.ts';
import { lateError } from './early-answer.ts';
import type { Exchange } from './exchange.ts';
import { headersToClient } from './headers.ts';
import { cutOff, failureOf, noServer, unanswered } from './node-refusals.ts';
import { errorInStream, Refusal } from './refusal.ts';
import { readServerTimes, readTimings } from './server-times.ts';
import { endOf, readTokens } from './tokens.ts';

export type RelayBody = Buffer | readonly Buffer[] | AsyncIterable<Buffer> | null;

export interface RelayOptions {
  exchange: Exchange;
  dispatcher: Dispatcher;
  /** Its name. */
  node: string;
  path: string;
  headers: string[];
  body: RelayBody;
  /** Names and values in turn, before those of the node. */
  answerHeaders: readonly string[];
  /** Whether a stream must say that it is complete, and an answer must not be empty. */
  mustComplete: boolean;
  /** Whether a 503 is left to the next node. */
  leavesBusy: boolean;
  /** The first byte was sent to the client: there is no going back. */
  onCommitted(): void;
  /** Called once, when the node has closed its part. */
  onEnd(end: RelayEnd): void;
}

export type RelayEnd =
  /** Counted and answered. `failure`: what it says about the node; null if it works. */
  | { kind: 'answered'; failure: FailureKind | null; ok: boolean }
  | { kind: 'gone' }
  /** Nothing was sent to the client yet. */
  | { kind: 'unanswered'; failure: FailureKind; refusal: Refusal };

/** Of an error that is said in the body. */
const MOST_LATE_BYTES = 64 * 1024;

const ABORTED = new Error('The gateway ended this request.');

export function relay(options: RelayOptions): void {
  const { exchange, node, dispatcher } = options;
  const { request, response } = exchange;
  let sentMs = 0;
  let controller: Dispatcher.DispatchController | null = null;
  let status = 0;
  let head: string[] | null = null;
  let stream: StreamKind | null = null;
  let watch: StreamWatch | null = null;
  let previous: Buffer | null = null;
  let last: Buffer | null = null;
  let pending: { failure: FailureKind; refusal: Refusal } | null = null;
  let ended = false;
  let committed = false;
  /** An error of the node, after the answer was begun with the status of success. */
  let late: Buffer[] | null = null;
  let lateBytes = 0;

  function end(how: RelayEnd): void {
    if (ended) return;
    ended = true;
    exchange.onGone = null;
    options.onEnd(how);
  }

  function abort(): void {
    if (exchange.cancelled && committed) failInStream(new Refusal('REQUEST_CANCELLED'), 'cancelled');
    // A request that waits for its connection is ended when it gets one.
    controller?.abort(ABORTED);
  }

  /** Nothing of this answer is for the client. */
  function reject(failure: FailureKind, refusal: Refusal): void {
    pending = { failure, refusal };
    abort();
  }

  function commit(): void {
    if (head === null || exchange.cancelled) return;
    if (exchange.early === null) response.writeHead(status, head);
    head = null;
    committed = true;
    options.onCommitted();
  }

  const resume = () => controller?.resume();

  function failInStream(refusal: Refusal, outcome: 'failed' | 'cancelled' = 'failed'): void {
    if ((exchange.isGone && !exchange.cancelled) || response.destroyed) return;
    if (stream === null || watch === null) response.destroy();
    else if (watch.end === 'error') response.end(() => request.socket.destroySoon());
    else {
      const text = errorInStream(stream, exchange.endpoint.dialect, refusal, watch.onNewLine);
      response.end(text, () => request.socket.destroySoon());
    }
    exchange.finish(outcome, refusal.code);
  }

  function complete(): void {
    if (late !== null && exchange.early !== null) {
      const text = Buffer.concat(late).toString();
      response.end(lateError(exchange.early, exchange.endpoint.dialect, text));
    } else response.end();
    if (last !== null) {
      const tail = endOf(last, previous);
      exchange.tokens = readTokens(tail);
      exchange.times =
        exchange.endpoint.dialect === 'ollama'
          ? readServerTimes(tail)
          : readTimings(tail, exchange.elapsed() - sentMs);
    }
    const outcome = status < 400 ? 'completed' : status < 500 ? 'rejected' : 'failed';
    exchange.finish(outcome, status >= 500 ? 'SERVER_ERROR' : null);
    end({ kind: 'answered', failure: status >= 500 ? failureOf(status) : null, ok: status < 400 });
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      sentMs = exchange.elapsed();
      if (exchange.isGone) abort();
    },
    onResponseStart(_controller, code, headers) {
      if (code < 200) return;
      status = code;
      const type = headers['content-type'];
      const isPage = options.mustComplete && typeof type === 'string' && type.startsWith('text/html');
      const isElsewhere = options.mustComplete && code >= 300 && code < 400;
      if (isPage || isElsewhere) {
        return reject('unavailable', noServer(node));
      }
      if (code === 503 && options.leavesBusy) return reject('server', new Refusal('SERVER_BUSY'));
      stream = code < 300 && typeof type === 'string' ? streamKind(type) : null;
      if (stream !== null) watch = createStreamWatch(stream, exchange.endpoint.dialect);
      head = [...exchange.cors, ...options.answerHeaders];
      headersToClient(headers, head);
      if (exchange.early !== null && code >= 400) late = [];
      if (stream === null) return;
      head.push('X-Accel-Buffering', 'no');
      // A server that sends its headers before it computes wants them to arrive.
      process.nextTick(() => {
        if (head === null || ended || exchange.isGone) return;
        commit();
        response.flushHeaders();
      });
    },
    onResponseData(_controller, chunk) {
      if (pending !== null || exchange.isGone) return;
      if (exchange.bytesOut === 0) {
        commit();
        exchange.firstByteMs = exchange.elapsed();
        exchange.changed = true;
      }
      exchange.bytesOut += chunk.length;
      if (late !== null) {
        lateBytes += chunk.length;
        if (lateBytes <= MOST_LATE_BYTES) late.push(chunk);
        return;
      }
      previous = last;
      last = chunk;
      watch?.write(chunk);
      if (response.write(chunk)) return;
      controller?.pause();
      response.once('drain', resume);
    },
    onResponseEnd() {
      if (exchange.cancelled) return end({ kind: 'gone' });
      if (pending !== null) return end({ kind: 'unanswered', ...pending });
      watch?.finish();
      const lacksEnd = stream !== null && watch?.end !== 'done';
      const isEmpty =
        stream === null && exchange.bytesOut === 0 && status === 200 && request.method !== 'HEAD';
      if (!options.mustComplete || status >= 300 || !(lacksEnd || isEmpty)) {
        commit();
        return complete();
      }
      if (!committed) return end({ kind: 'unanswered', failure: 'server', refusal: cutOff(node) });
      failInStream(cutOff(node));
      end({ kind: 'answered', failure: 'server', ok: false });
    },
    onResponseError(_controller, error) {
      if (exchange.isGone) {
        // The connection is closed in this turn of the event loop.
        exchange.finish('cancelled');
        setImmediate(end, { kind: 'gone' });
      } else if (pending !== null) end({ kind: 'unanswered', ...pending });
      else if (committed) {
        failInStream(cutOff(node));
        end({ kind: 'answered', failure: 'connection', ok: false });
      } else end({ kind: 'unanswered', ...unanswered(error, node) });
    },
  };

  exchange.onGone = abort;
  try {
    dispatcher.dispatch(
      {
        path: options.path,
        method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
        headers: options.headers,
        // The types know less than the function takes.
        body: options.body as Buffer | null,
      },
      handler,
    );
  } catch (error) {
    end({ kind: 'unanswered', ...unanswered(error, node) });
  }
}
