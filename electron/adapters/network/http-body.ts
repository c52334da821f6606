/** The body of a response: read whole as text, or in chunks at the reader's speed. */
import type { IncomingMessage } from 'node:http';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { timeoutError, toHostError, tooLargeError } from './http-errors.ts';

/** Rejects with RESPONSE_TOO_LARGE as soon as the limit is passed, and with HOST_UNREACHABLE if it is incomplete. */
export function readText(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
      reject(tooLargeError(maxBytes));
      return;
    }
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) reject(tooLargeError(maxBytes));
      else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks, size).toString('utf8')));
    incoming.on('error', (error) => reject(toHostError(error, 'answer')));
  });
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
