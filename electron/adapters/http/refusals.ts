/** Why a listener does not serve a connection or a request, and responses that are written to a bare socket. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why a connection is refused or closed early. */
export type ConnectionRefusal = 'busy' | 'too-slow' | 'headers-too-large' | 'malformed';

/** Why a request is refused: a foreign Host or Origin, no valid credential, or too many wrong ones before. */
export type RequestRefusal =
  | { reason: 'foreign-source' }
  | { reason: 'unauthorized' }
  | { reason: 'slow-down'; retryAfterSeconds: number };

/** The usual status of each. */
export const refusalStatus: Readonly<Record<ConnectionRefusal | RequestRefusal['reason'], number>> = {
  busy: 503,
  'too-slow': 408,
  'headers-too-large': 431,
  malformed: 400,
  'foreign-source': 403,
  unauthorized: 401,
  'slow-down': 429,
};

export interface HttpAnswer {
  status: number;
  /** Sent as JSON. */
  body: unknown;
}

/** The response to each kind of refused connection. */
export type AnswerConnection = (refusal: ConnectionRefusal) => HttpAnswer;

/** The refusal for an error of the HTTP parser or its timeouts. */
export function parserRefusal(code: string | undefined): ConnectionRefusal {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'too-slow' : 'malformed';
}

/** Answers a request and ends its connection: what follows on it may not be a request. */
export function endResponse(response: ServerResponse, { status, body }: HttpAnswer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  response.end(text);
}

/** A whole response that ends its connection, for a socket without a request. */
export function rawResponse({ status, body }: HttpAnswer): string {
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}

/** Sends the response and closes the socket. */
export function endWith(socket: Duplex, answer: HttpAnswer): void {
  socket.end(rawResponse(answer), () => socket.destroy());
}
