import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/ports/time.ts';

/** How long the rest of a refused request may arrive: closing at once would discard the answer. */
const LINGER_MS = 1000;

/** Reads away what still comes of a request whose answer has been sent, for a moment; then it closes the connection. */
export function linger(request: IncomingMessage, clock: Pick<Clock, 'timer'>): void {
  if (request.complete) return;
  request.resume();
  const timer = clock.timer(LINGER_MS, () => request.socket.destroy());
  request.once('end', timer.cancel);
  request.once('close', timer.cancel);
}
