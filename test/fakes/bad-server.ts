/** Servers on loopback that answer in every wrong way. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

export interface BadServer {
  url: string;
  /** Bytes of body that were written, to see that a reader stopped. */
  written: () => number;
  requests: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}

async function started(server: Server, written: () => number, requests: () => number): Promise<BadServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    written,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers each request by a function. */
export function startHttpServer(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<BadServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  return started(
    server,
    () => 0,
    () => requests,
  );
}

export const startHtmlServer = () =>
  startHttpServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Router</title><h1>Welcome to your router</h1>');
  });

export const startHalfJsonServer = () =>
  startHttpServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"models":[{"name":"llama3.1:8b","si');
  });

/** Half of what the header promises, then the connection ends. */
export const startCutOffServer = () =>
  startHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"models":[');
    setImmediate(() => response.destroy());
  });

export const startFailingServer = () =>
  startHttpServer((_, response) => {
    response.statusCode = 500;
    response.end('{"error":"something broke"}');
  });

/** 10 GB in all, if somebody reads it. With `announced` its size stands in the header. */
export async function startEndlessServer({ announced }: { announced: boolean }): Promise<BadServer> {
  const total = 10_000_000_000;
  const piece = Buffer.alloc(65_536, 0x20);
  let written = 0;
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(announced ? { 'content-length': String(total) } : {}),
    });
    const more = () => {
      while (written < total && !response.destroyed) {
        written += piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  return started(
    server,
    () => written,
    () => requests,
  );
}

/** Takes the connection and says nothing. */
export async function startSilentServer(): Promise<BadServer & { connected: Promise<void> }> {
  const connected = Promise.withResolvers<void>();
  const server = createTcpServer(() => connected.resolve());
  const none = () => 0;
  return { ...(await started(server, none, none)), connected: connected.promise };
}

/** Speaks first, and not HTTP. */
export const startSshServer = () =>
  started(
    createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
    () => 0,
    () => 0,
  );

/** Answers the first bytes of each connection in its own framing. */
export function startRawServer(answer: (socket: Socket) => void): Promise<BadServer> {
  let requests = 0;
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      requests += 1;
      answer(socket);
    });
  });
  return started(
    server,
    () => 0,
    () => requests,
  );
}

/** An address where nothing listens. */
export async function refusedUrl(): Promise<string> {
  const server = await startSilentServer();
  await server[Symbol.asyncDispose]();
  return server.url;
}
