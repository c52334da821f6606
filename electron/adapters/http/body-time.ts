/** How long the body of a request may take: an upload may last for hours, anything else may not. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/ports/time.ts';

/** Milliseconds: for the whole body, or between two pieces of it. */
export type BodyLimit = { wholeMs: number } | { idleMs: number };

export const announcesBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Calls `onLate` once if the body does not arrive in time. What waits here to be read is not the client's delay. */
export function limitBodyTime(
  request: IncomingMessage,
  limit: BodyLimit,
  { clock, onLate }: { clock: Pick<Clock, 'timer'>; onLate(): void },
): void {
  if (request.complete || !announcesBody(request)) return;
  const { socket } = request;
  const ms = 'wholeMs' in limit ? limit.wholeMs : limit.idleMs;
  let seen = socket.bytesRead;
  let timer = clock.timer(ms, check);

  function check(): void {
    if (request.complete || request.destroyed) return;
    const isMoving = socket.bytesRead !== seen || request.readableLength > 0;
    if ('wholeMs' in limit || !isMoving) {
      onLate();
      return;
    }
    seen = socket.bytesRead;
    timer = clock.timer(ms, check);
  }

  const stop = () => timer.cancel();
  request.once('end', stop);
  request.once('close', stop);
}
