/** The body of a response: read whole as text, or in chunks at the reader's speed. */
import type { IncomingMessage } from 'node:http';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { timeoutError, toHostError, tooLargeError } from './http-errors.ts';

/** Rejects with RESPONSE_TOO_LARGE as soon as the limit is passed, and with HOST_UNREACHABLE if it is incomplete. */
export function readText(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
      reject(tooLargeError(maxBytes));
      return;
    }
    const text = createCollector(maxBytes);
    incoming.on('data', (chunk: Buffer) => {
      if (!text.add(chunk)) reject(tooLargeError(maxBytes));
    });
    incoming.on('end', () => resolve(text.toString()));
    incoming.on('error', (error) => reject(toHostError(error, 'answer')));
  });
}

const FIRST_BYTES = 4096;
/** A body in more pieces than this, of fewer bytes than that on average, only costs time. */
const MANY_PIECES = 10_000;
const SMALL_PIECE_BYTES = 64;

/** One buffer that grows: a body may arrive in pieces of one byte, and an object for each would cost a hundred times as much. */
function createCollector(maxBytes: number) {
  let buffer = Buffer.allocUnsafe(Math.min(FIRST_BYTES, maxBytes));
  let size = 0;
  let pieces = 0;
  return {
    /** False if it does not fit. */
    add(chunk: Buffer): boolean {
      const needed = size + chunk.length;
      pieces += 1;
      if (needed > maxBytes || (pieces > MANY_PIECES && needed < pieces * SMALL_PIECE_BYTES)) return false;
      if (needed > buffer.length) {
        const grown = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(needed, buffer.length * 2)));
        buffer.copy(grown, 0, 0, size);
        buffer = grown;
      }
      chunk.copy(buffer, size);
      size = needed;
      return true;
    },
    toString: () => buffer.toString('utf8', 0, size),
  };
}

export interface Connection {
  stop(): void;
  /** Errors after the headers have arrived, such as broken framing. */
  onError(listener: (error: Error) => void): void;
}

export interface HttpBodyOptions {
  signal: AbortSignal | undefined;
  /** Limit for a requested chunk to arrive, milliseconds; `null` for none. */
  idleMs: number | null;
  /** A body that nobody starts to read is dropped after this time, milliseconds. */
  unreadMs: number;
  connection: Connection;
}

export interface HttpBody {
  chunks: AsyncIterableIterator<Uint8Array, undefined>;
  close(): void;
}

/**
 * Reads the response only when a chunk is requested: otherwise Node stops reading the socket, and TCP slows the server
 * down. However the body ends, no connection, timer or listener of it remains.
 */
export function createHttpBody(incoming: IncomingMessage, options: HttpBodyOptions): HttpBody {
  const { signal, idleMs, unreadMs, connection } = options;
  let end: { failure: unknown } | 'complete' | 'closed' | null = null;
  let waiting: (() => void)[] = [];
  const unread = setTimeout(() => finish({ failure: dropped() }), unreadMs);

  function finish(how: NonNullable<typeof end>): void {
    if (end !== null) return;
    end = how;
    clearTimeout(unread);
    signal?.removeEventListener('abort', onAbort);
    if (how !== 'complete') connection.stop();
    wake();
  }

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  }

  const onAbort = () => finish({ failure: signal?.reason });
  const fail = (error: unknown) => finish({ failure: toHostError(error, 'answer') });

  incoming.on('readable', wake);
  incoming.on('end', () => finish('complete'));
  connection.onError(fail);
  incoming.on('error', fail);
  signal?.addEventListener('abort', onAbort, { once: true });

  async function nextEvent(): Promise<void> {
    const idle = idleMs === null ? undefined : setTimeout(() => finish({ failure: silent() }), idleMs);
    await new Promise<void>((resolve) => waiting.push(resolve));
    clearTimeout(idle);
  }

  const chunks: HttpBody['chunks'] = {
    [Symbol.asyncIterator]: () => chunks,
    async next() {
      clearTimeout(unread);
      while (end === null) {
        const chunk: Buffer | null = incoming.read();
        if (chunk !== null) return { done: false, value: chunk };
        await nextEvent();
      }
      if (typeof end === 'object') throw end.failure;
      return { done: true, value: undefined };
    },
    async return() {
      finish('closed');
      return { done: true, value: undefined };
    },
  };

  return { chunks, close: () => finish('closed') };
}

const silent = () => timeoutError('answer');

const dropped = () =>
  new PilotlightError('CANCELLED', { message: 'The response was dropped, because nothing read it in time.' });
