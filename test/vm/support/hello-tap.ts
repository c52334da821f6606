/** Between the guest and the core's own hello port: notes each hello and how it was answered. */
import { createServer, request } from 'node:http';
import { BOOT_MS, within } from './deadline.ts';
import { ports } from './guest.ts';

export interface HeardHello {
  agent: string;
  bootId: string;
  /** The core's answer; 0 where it did not listen. */
  status: number;
}

export interface HelloTap {
  /** Resolves with the next hello that the core took, from now on. */
  next(): Promise<HeardHello>;
  stop(): void;
}

export async function startHelloTap(): Promise<HelloTap> {
  const listeners = new Set<(hello: HeardHello) => void>();
  const server = createServer(async (incoming, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const status = await pass(incoming.url ?? '/', body);
    answer.writeHead(status === 0 ? 503 : status).end();
    const { agent, bootId } = JSON.parse(body) as HeardHello;
    for (const listener of listeners) listener({ agent, bootId, status });
  });
  await new Promise<void>((resolve) => server.listen(ports.helloTap, '127.0.0.1', resolve));

  return {
    next() {
      const heard = Promise.withResolvers<HeardHello>();
      const listener = (hello: HeardHello) => {
        if (hello.status >= 200 && hello.status < 300) heard.resolve(hello);
      };
      listeners.add(listener);
      return within(heard.promise, 'a hello of the agent', BOOT_MS).finally(() => listeners.delete(listener));
    },
    stop: () => void server.close(),
  };
}

function pass(path: string, body: string): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: ports.hello,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    outgoing.on('error', () => resolve(0));
    outgoing.end(body);
  });
}
