/** One request over a raw socket, as it was recorded: the framing of the answer stays visible. */
import { connect } from 'node:net';
import type { RecordedRequest } from './recordings.ts';

export interface RawResponse {
  status: number;
  /** By lower-case name; several of one name are joined. */
  headers: Map<string, string>;
  /** Whether the body came in chunks. */
  chunked: boolean;
  chunks: string[];
  text: string;
}

export interface RawExchange {
  /** Resolves when the server has ended the connection; null if it was hung up before an answer began. */
  response: Promise<RawResponse | null>;
  hangUp(): void;
}

export function openExchange(port: number, request: RecordedRequest): RawExchange {
  const socket = connect({ host: '127.0.0.1', port });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => {});
  socket.write(written(request, port));
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    hangUp: () => socket.destroy(),
    response: ended.then(() => (parts.length === 0 ? null : parse(Buffer.concat(parts)))),
  };
}

function written({ method, path, headers = {}, body }: RecordedRequest, port: number): string {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const lines = {
    Host: `127.0.0.1:${port}`,
    ...headers,
    ...(text === null
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    Connection: 'close',
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${text ?? ''}`;
}

function parse(bytes: Buffer): RawResponse {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const body = bytes.subarray(end + 4);
  const chunked = headers.get('transfer-encoding') === 'chunked';
  const chunks = chunked ? readChunks(body) : [body.toString('utf8')];
  return { status: Number(statusLine.split(' ')[1]), headers, chunked, chunks, text: chunks.join('') };
}

function readChunks(body: Buffer): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) break;
    chunks.push(body.toString('utf8', lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return chunks;
}
