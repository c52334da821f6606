/** Sends recorded requests over a socket, byte for byte, and reads the answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

const folder = new URL('../recordings/', import.meta.url);

/** @param name `tei/llama-index` */
export const recording = (name: string): Buffer => readFileSync(new URL(`${name}.http`, folder));

/** The names of all recordings of a protocol. */
export const recordingsOf = (protocol: string): string[] =>
  readdirSync(new URL(`${protocol}/`, folder))
    .filter((file) => file.endsWith('.http'))
    .map((file) => `${protocol}/${file.slice(0, -'.http'.length)}`)
    .sort();

export interface Replayed {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its answer.
  body: any;
}

/** One after the other on one connection, each when the one before it was answered. */
export function replay(port: number, requests: readonly Uint8Array[]): Promise<Replayed[]> {
  return new Promise((resolve, reject) => {
    const answers: Replayed[] = [];
    let data = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1', () => socket.write(requests[0] as Uint8Array));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`It closed early: ${data.toString('latin1', 0, 500)}`)));
    socket.on('data', (part) => {
      data = Buffer.concat([data, part]);
      const answer = answerIn(data);
      if (answer === null) return;
      data = Buffer.alloc(0);
      answers.push(answer);
      const next = requests[answers.length];
      if (next !== undefined) return void socket.write(next);
      resolve(answers);
      socket.destroy();
    });
  });
}

/** null until it is whole. */
function answerIn(data: Buffer): Replayed | null {
  const end = data.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const isChunked = headers.get('transfer-encoding') === 'chunked';
  const rest = data.subarray(end + 4);
  const content = isChunked ? unchunked(rest) : sized(rest, Number(headers.get('content-length') ?? 0));
  if (content === null) return null;
  const text = content.toString('utf8');
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: Number(first.split(' ')[1]), headers, body: isJson ? JSON.parse(text) : text };
}

const sized = (data: Buffer, bytes: number) => (data.length < bytes ? null : data.subarray(0, bytes));

function unchunked(data: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = data.indexOf('\r\n', at);
    const size = end < 0 ? Number.NaN : Number.parseInt(data.toString('latin1', at, end), 16);
    if (Number.isNaN(size) || data.length < end + 2 + size + 2) return null;
    if (size === 0) return Buffer.concat(parts);
    parts.push(data.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
