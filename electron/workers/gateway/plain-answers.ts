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

/** As the web framework of Ollama writes it, or as Go's own encoder does, with which it answers `/v1`. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  by: 'framework' | 'encoder',
  headers: readonly string[],
): void {
  const text = JSON.stringify(value);
  if (by === 'encoder') sendText(response, 200, `${text}\n`, { type: 'application/json', headers });
  else sendText(response, 200, text, { type: 'application/json; charset=utf-8', headers });
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
