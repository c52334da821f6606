/** The part of Qdrant's HTTP interface that an index uses, in memory, with exact search. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Collection {
  size: number;
  points: Map<number, number[]>;
}

export interface FakeQdrant {
  url: string;
  collections: Map<string, Collection>;
  /** Method and path of each request, in order. */
  calls: string[];
  /** What each of them said beside that, in the same order. */
  requests: { query: Record<string, string>; body: unknown }[];
  /** What programs must send as `api-key`; null for none. */
  key: string | null;
  /** Called before each request; what it waits for, the request waits for too. */
  before: (call: string) => void | Promise<void>;
  /** Closes every connection and refuses new ones, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Body = Record<string, unknown>;
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function startFakeQdrant(): Promise<FakeQdrant> {
  let port = 0;
  const server = createServer((request, response) => void answer(request, response));
  const fake: FakeQdrant = {
    url: '',
    collections: new Map(),
    calls: [],
    requests: [],
    key: null,
    before: () => {},
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
    async start() {
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
      fake.url = `http://127.0.0.1:${port}`;
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await fake.stop();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://x');
    const call = `${request.method} ${path}`;
    const respond = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      let text = '';
      for await (const chunk of request) text += chunk;
      fake.calls.push(call);
      const body = text === '' ? {} : (JSON.parse(text) as Body);
      fake.requests.push({ query: Object.fromEntries(searchParams), body });
      await fake.before(call);
      if (fake.key !== null && request.headers['api-key'] !== fake.key) {
        // Plain text, as the server's own.
        response.writeHead(401).end('Must provide an API key or an Authorization bearer token');
        return;
      }
      const result = run(request.method ?? '', path, body);
      respond(200, { result, status: 'ok', time: 0.001 });
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      respond(status, { status: { error: String((error as Error).message) }, time: 0.001 });
    }
  }

  function run(method: string, path: string, body: Body): unknown {
    if (method === 'GET' && path === '/collections') {
      return { collections: [...fake.collections.keys()].map((name) => ({ name })) };
    }
    const [, name = '', rest = ''] = /^\/collections\/([^/]+)(.*)$/.exec(path) ?? [];
    if (method === 'PUT' && rest === '') {
      if (fake.collections.has(name))
        throw new Refusal(409, `Wrong input: Collection \`${name}\` already exists!`);
      const { size } = body.vectors as { size: number };
      fake.collections.set(name, { size, points: new Map() });
      return true;
    }
    if (method === 'DELETE' && rest === '') return fake.collections.delete(name);
    const collection = fake.collections.get(name);
    if (collection === undefined) throw new Refusal(404, `Not found: Collection \`${name}\` doesn't exist!`);
    if (method === 'PUT' && rest === '/points') {
      for (const { id, vector } of body.points as { id: number; vector: number[] }[]) {
        if (vector.length !== collection.size) {
          throw new Refusal(400, `Wrong input: Vector dimension error: expected dim: ${collection.size}`);
        }
        collection.points.set(id, vector);
      }
      return { operation_id: 1, status: 'completed' };
    }
    if (method === 'POST' && rest === '/points/delete') {
      for (const id of body.points as number[]) collection.points.delete(id);
      return { operation_id: 2, status: 'completed' };
    }
    if (method === 'POST' && rest === '/points/count') return { count: collection.points.size };
    if (method === 'POST' && rest === '/points/query') {
      const query = body.query as number[];
      const points = [...collection.points].map(([id, vector]) => ({
        id,
        version: 1,
        score: vector.reduce((sum, value, i) => sum + value * (query[i] as number), 0),
      }));
      return { points: points.sort((a, b) => b.score - a.score).slice(0, body.limit as number) };
    }
    throw new Refusal(404, 'Not found');
  }

  await fake.start();
  return fake;
}
