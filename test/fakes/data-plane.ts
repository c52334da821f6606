/** A gateway in the test's process, and upstreams that a test steers request by request. */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import type { GatewayTable, TableModel, TableNode } from '../../electron/core/gateway/model.ts';
import type { GatewayEvent } from '../../electron/core/gateway/protocol.ts';
import type { Clock } from '../../electron/core/ports/time.ts';
import { createGateway, type GatewayOptions } from '../../electron/workers/gateway/gateway.ts';
import { tableModel, tableNode } from './gateway-table.ts';
import { createRememberingLog } from './transport.ts';

/** A model that is the whole list of most nodes here. */
export const model = (name = 'm:latest', own: Partial<TableModel> = {}): TableModel =>
  tableModel({ name, digest: `d-${name}`, sizeBytes: 1e6, ...own });

export const node = (id: string, url: string, own: Partial<TableNode> = {}): TableNode =>
  tableNode(id, { url, installed: [model()], ...own });

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  json(): unknown;
  /** Whether the body came whole. */
  whole: boolean;
}

export type TestGateway = Awaited<ReturnType<typeof startGateway>>;

export async function startGateway(
  table: GatewayTable | null,
  { clock = createSystemClock(), ...more }: Partial<Omit<GatewayOptions, 'onEvent'>> & { clock?: Clock } = {},
) {
  const events: GatewayEvent[] = [];
  const waiting = new Set<() => void>();
  const log = createRememberingLog();
  const gateway = createGateway({
    clock,
    log,
    onEvent(event) {
      events.push(event);
      for (const check of [...waiting]) check();
    },
    ...more,
  });
  if (table !== null) gateway.setTable(table);
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true });
  const finished = () => events.flatMap((event) => (event.kind === 'finished' ? event.requests : []));

  function send(
    path: string,
    {
      method = 'POST',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
  ) {
    const bytes =
      body === undefined || Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    // Node itself gives a DELETE no length.
    const isFramed = bytes === undefined || 'content-length' in headers || 'transfer-encoding' in headers;
    const length = isFramed ? {} : { 'content-length': String(Buffer.byteLength(bytes)) };
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { ...headers, ...length },
      agent,
    });
    request.on('error', () => {});
    request.end(bytes);
    return request;
  }

  return {
    gateway,
    log,
    events,
    port,
    url: `http://127.0.0.1:${port}`,
    finished,
    /** Sends a request whose answer the test does not wait for. */
    send,
    async ask(path: string, options: Parameters<typeof send>[1] = {}): Promise<Answer> {
      const request = send(path, options);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return readAnswer(response);
    },
    /** Resolves when the events fulfil it. */
    async until(isMet: () => boolean): Promise<void> {
      if (isMet()) return;
      await new Promise<void>((resolve) => {
        const check = () => {
          if (!isMet()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
      });
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await gateway.stop();
    },
  };
}

export async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('error', () => {});
  await new Promise((resolve) => response.once('close', resolve));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: () => JSON.parse(text),
    whole: response.complete,
  };
}

export interface Upstream extends AsyncDisposable {
  url: string;
  port: number;
  /** What was asked, with whole bodies; those that are still arriving are not here. */
  asked: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
  /** Requests whose connection was closed before their answer was complete. */
  readonly closed: number;
  /** Resolves when this many were closed so. */
  untilClosed(count: number): Promise<void>;
  /** Breaks all connections and refuses new ones. */
  kill(): Promise<void>;
}

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** `early`: before the body has come. */
export async function startUpstream(answer: Answering, { early = false } = {}): Promise<Upstream> {
  const asked: Upstream['asked'] = [];
  const waiting = new Set<() => void>();
  let closed = 0;
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (response.writableFinished) return;
      closed += 1;
      for (const check of [...waiting]) check();
    });
    if (early) {
      answer(request, response, '');
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      asked.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer(request, response, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  async function kill(): Promise<void> {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    get closed() {
      return closed;
    },
    untilClosed: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (closed < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** The gateway in front of one server; `tableFor` makes the table from the server's address. */
export async function startInFront(answer: Answering, tableFor: (url: string) => GatewayTable) {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startUpstream(answer));
  const gateway = stack.use(await startGateway(tableFor(server.url)));
  const kept = stack.move();
  return { server, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** One JSON object with its length, as a server answers what is not streamed. */
export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function answerLines(response: ServerResponse, ...values: unknown[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const value of values) response.write(`${JSON.stringify(value)}\n`);
}
