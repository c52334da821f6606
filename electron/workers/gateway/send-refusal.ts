/** Sends the gateway's own errors. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect } from '../../core/gateway/model.ts';
import type { Clock } from '../../core/ports/time.ts';
import { errorBody, type Refusal } from './refusal.ts';

/** How long the rest of a refused request may arrive: closing at once would discard the answer. */
const LINGER_MS = 1000;

export function sendRefusal(
  response: ServerResponse,
  dialect: Dialect,
  refusal: Refusal,
  cors: readonly string[] = [],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(errorBody(dialect, refusal));
  // A body that a server could not read is refused by its web framework, in every dialect; the rest by Go's encoder.
  const byFramework = dialect === 'ollama' || refusal.code === 'BAD_REQUEST';
  const text = byFramework ? body : `${body}\n`;
  const headers = [
    ...cors,
    'Content-Type',
    byFramework ? 'application/json; charset=utf-8' : 'application/json',
    'Content-Length',
    String(Buffer.byteLength(text)),
    'X-Pilotlight-Error',
    refusal.code,
  ];
  if (refusal.retryAfter !== null) headers.push('Retry-After', String(refusal.retryAfter));
  response.writeHead(refusal.status, headers);
  response.end(text);
}

/** Reads away what still comes, for a moment. */
export function linger(request: IncomingMessage, clock: Pick<Clock, 'timer'>): void {
  if (request.complete) return;
  request.resume();
  const timer = clock.timer(LINGER_MS, () => request.socket.destroy());
  request.once('end', timer.cancel);
  request.once('close', timer.cancel);
}
