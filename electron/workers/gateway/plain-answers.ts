/** Answers that need no node: whole texts, with their length. */
import type { ServerResponse } from 'node:http';

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  { type = 'text/plain', headers = [] }: { type?: string; headers?: readonly string[] } = {},
): void {
  response.writeHead(status, [
    ...headers,
    'Content-Type',
    type,
    'Content-Length',
    String(Buffer.byteLength(text)),
  ]);
  response.end(text);
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  type: string,
  headers: readonly string[],
): void {
  sendText(response, 200, JSON.stringify(value), { type, headers });
}

export function sendNothing(response: ServerResponse, status: number, headers: readonly string[] = []): void {
  response.writeHead(status, [...headers, 'Content-Length', '0']);
  response.end();
}

/** To the same path without its slash. */
export function redirect(
  response: ServerResponse,
  method: string,
  to: string,
  headers: readonly string[],
): void {
  const location = [...headers, 'Location', to];
  if (method !== 'GET') {
    sendNothing(response, 307, location);
    return;
  }
  const text = `<a href="${to}">Moved Permanently</a>.\n\n`;
  sendText(response, 301, text, { type: 'text/html; charset=utf-8', headers: location });
}
