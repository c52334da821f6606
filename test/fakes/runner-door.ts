/** Routes of the runner behind its real HTTP server, on loopback. */
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { RunnerRoute } from '../../electron/workers/runner/http/route.ts';
import { createRunnerServer } from '../../electron/workers/runner/http/server.ts';
import { silentLog } from './indexing.ts';

export interface RunnerDoor extends AsyncDisposable {
  readonly url: string;
  /** Statuses of everything that was answered. */
  readonly answered: number[];
  post(path: string, body: unknown): Promise<{ status: number; body: never }>;
  get(path: string): Promise<{ status: number; body: never }>;
  /** Sends bytes as they are, and gives the whole answer. */
  send(bytes: Uint8Array): Promise<{ status: number; head: string; body: string }>;
}

export async function startRunnerDoor(routes: readonly RunnerRoute[]): Promise<RunnerDoor> {
  const stopping = new AbortController();
  const answered: number[] = [];
  const server = createRunnerServer({
    routes,
    token: 'token',
    isRemote: false,
    signal: stopping.signal,
    log: silentLog,
    onAnswered: ({ status }) => void answered.push(status),
  });
  const { port } = (await server.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  async function reply(response: Response): Promise<{ status: number; body: never }> {
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as never };
  }

  return {
    url,
    answered,
    async post(path, body) {
      const isForm = body instanceof FormData;
      return reply(
        await fetch(`${url}${path}`, {
          method: 'POST',
          ...(isForm ? {} : { headers: { 'content-type': 'application/json' } }),
          body: isForm ? body : typeof body === 'string' ? body : JSON.stringify(body),
        }),
      );
    },
    get: async (path) => reply(await fetch(`${url}${path}`)),
    send: (bytes) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.on('data', (chunk) => {
          chunks.push(chunk);
          const answer = answerOf(Buffer.concat(chunks).toString('utf8'));
          if (answer === null) return;
          socket.destroy();
          resolve(answer);
        });
        socket.on('error', reject);
        socket.on('end', () => reject(new Error(`It ended early: ${Buffer.concat(chunks).toString()}`)));
      }),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await server.close(0);
    },
  };
}

/** null until it is whole. */
function answerOf(text: string): { status: number; head: string; body: string } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (Buffer.byteLength(body) < length) return null;
  return { status: Number(head.split(' ')[1]), head, body };
}
