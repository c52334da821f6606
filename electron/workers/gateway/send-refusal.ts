/** Sends the gateway's own errors. */
import type { ServerResponse } from 'node:http';
import type { Dialect } from '../../core/gateway/model.ts';
import { errorBody, type Refusal } from './refusal.ts';

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
