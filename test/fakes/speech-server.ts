/** A server with OpenAI's shapes for speech and pictures on a loopback port, which answers as a test says. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Received {
  path: string;
  authorization: string | undefined;
  /** Of a form; the file by its name. */
  fields: Record<string, string>;
  /** The file of a form. */
  file: Buffer | null;
  fileName: string | null;
  json: Record<string, unknown> | null;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body: unknown;
}

export interface SpeechServerOptions {
  /** Called for each request; may wait. Default: one segment for each piece. */
  answer?(request: Received, index: number): Reply | Promise<Reply>;
  /** Words of one piece. */
  say?(index: number): string;
}

/** Seconds of a WAV file of 16 kHz. */
export const secondsOfWav = (file: Buffer | null): number => ((file?.length ?? 44) - 44) / 32_000;

export async function startSpeechServer({
  answer,
  say = (index) => `Piece number ${index}.`,
}: SpeechServerOptions = {}) {
  const received: Received[] = [];
  let open = 0;
  let cutOff = 0;
  const usual = (request: Received, index: number): Reply => ({
    body:
      request.json !== null
        ? { choices: [{ message: { content: `A picture of lamp ${index}.` } }] }
        : {
            text: say(index),
            language: 'en',
            duration: secondsOfWav(request.file),
            segments: [{ start: 0, end: secondsOfWav(request.file), text: say(index) }],
          },
  });
  const server = createServer((request, response) => {
    open += 1;
    response.on('close', () => {
      open -= 1;
      if (!response.writableFinished) cutOff += 1;
    });
    void (async () => {
      const read = await readRequest(request).catch(() => null);
      if (read === null) return;
      received.push(read);
      const reply = await (answer ?? usual)(read, received.length - 1);
      if (response.destroyed) return;
      const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      response.end(text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    open: () => open,
    cutOff: () => cutOff,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type SpeechServer = Awaited<ReturnType<typeof startSpeechServer>>;

async function readRequest(request: IncomingMessage): Promise<Received> {
  const body = await buffer(request);
  const type = request.headers['content-type'] ?? '';
  const base = { path: request.url ?? '', authorization: request.headers.authorization };
  const boundary = /boundary=(\S+)/.exec(type)?.[1];
  if (boundary === undefined) {
    const json = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    return { ...base, fields: {}, file: null, fileName: null, json };
  }
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const fields: Record<string, string> = {};
  let file: File | null = null;
  for (const [name, value] of form) {
    if (typeof value === 'string') fields[name] = value;
    else file = value as File;
  }
  const content = file === null ? null : Buffer.from(await file.arrayBuffer());
  return { ...base, fields, file: content, fileName: file?.name ?? null, json: null };
}
