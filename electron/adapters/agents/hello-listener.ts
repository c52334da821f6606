/**
 * Where agents say that they are awake: `POST /hello`. The network reaches it, so that it takes little, slowly, and
 * tells nobody whether a proof was right.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Log } from '../../core/ports/log.ts';
import type { HelloListener } from '../../core/ports/network.ts';
import {
  type GuardOptions,
  guardListener,
  type ListenerLimits,
  refusalStatus,
  serverOptions,
  usualLimits,
} from '../http/listener.ts';

export type Hello = Parameters<Parameters<HelloListener['open']>[1]>[0];

export interface HelloServerOptions {
  log?: Pick<Log, 'warn'>;
  /** Of the limits of connections. Default: the system's. */
  clock?: GuardOptions['clock'];
}

export interface HelloListenerOptions extends HelloServerOptions {
  /** The address to listen at; every one of this computer by default. */
  host?: string;
}

const PATH = '/hello';
const MOST_BODY_BYTES = 4096;
/** An agent sends one short request and disconnects. */
const limits: ListenerLimits = {
  ...usualLimits,
  connections: 128,
  perAddress: 8,
  requestMs: 5000,
  keepAliveMs: 5000,
};
/** One address, and all of them together: so many at once, then so many a second. */
const ONE_ADDRESS = { burst: 10, perSecond: 1 };
const EVERYBODY = { burst: 50, perSecond: 20 };
const MOST_ADDRESSES = 1000;

export function createHelloListener({ host, ...options }: HelloListenerOptions = {}): HelloListener {
  let server: Server | null = null;

  async function close(): Promise<void> {
    const ending = server;
    server = null;
    if (ending === null) return;
    const closed = new Promise<void>((resolve) => ending.close(() => resolve()));
    ending.closeAllConnections();
    await closed;
  }

  return {
    async open(port, onHello) {
      await close();
      const opening = createHelloServer(onHello, options);
      await new Promise<void>((resolve, reject) => {
        opening.once('error', (error) =>
          reject(
            new PilotlightError('PORT_IN_USE', {
              message: `Agents cannot say hello: port ${port} cannot be opened.`,
              next: 'Choose another port for it in Settings.',
              details: { port },
              cause: error,
            }),
          ),
        );
        opening.listen({ port, ...(host === undefined ? {} : { host }), exclusive: true }, resolve);
      });
      opening.removeAllListeners('error');
      opening.on('error', () => {});
      server = opening;
    },
    close,
  };
}

export function createHelloServer(onHello: (hello: Hello) => void, options: HelloServerOptions = {}): Server {
  const limit = createLimit();
  const server = createServer({ ...serverOptions(limits), keepAlive: false }, (request, response) => {
    if (!limit(request.socket.remoteAddress ?? '')) answer(response, 429);
    else if (request.url !== PATH) answer(response, 404);
    else if (request.method !== 'POST') answer(response, 405);
    // A web page that a person happens to open has nothing to say here.
    else if (request.headers.origin !== undefined) answer(response, 403);
    else receive(request, response, onHello);
  });
  const guard = guardListener(server, {
    limits,
    clock: options.clock,
    refusal: (reason) => ({ status: refusalStatus[reason], body: {} }),
    onRefused: ({ count, address }) =>
      options.log?.warn('The hello listener refused connections.', { count, address }),
  });
  server.on('clientError', guard.clientError);
  return server;
}

function receive(request: IncomingMessage, response: ServerResponse, onHello: (hello: Hello) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MOST_BODY_BYTES) chunks.push(chunk);
    else {
      answer(response, 413);
      request.pause();
    }
  });
  request.on('end', () => {
    if (size > MOST_BODY_BYTES) return;
    const hello = readHello(Buffer.concat(chunks, size).toString('utf8'));
    answer(response, hello === null ? 400 : 204);
    if (hello !== null) onHello(hello);
  });
  request.on('error', () => {});
}

function answer(response: ServerResponse, status: number): void {
  if (response.headersSent) return;
  response.writeHead(status, { connection: 'close', 'content-length': 0 });
  response.end(() => response.socket?.destroySoon());
}

function readHello(text: string): Hello | null {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return null;
  const { agent, bootId, nonce, proof } = value as Record<string, unknown>;
  const right = isWord(agent) && isWord(bootId) && isWord(nonce) && nonce.length >= 8 && isWord(proof);
  return right ? { agent, bootId, nonce, proof } : null;
}

const isWord = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200;

/** Whether one more from this address is looked at now. */
function createLimit(now: () => number = () => performance.now()): (address: string) => boolean {
  const addresses = new Map<string, ReturnType<typeof createBucket>>();
  const all = createBucket(EVERYBODY, now);
  return (address) => {
    const bucket = addresses.get(address) ?? createBucket(ONE_ADDRESS, now);
    addresses.delete(address);
    addresses.set(address, bucket);
    const oldest = addresses.size > MOST_ADDRESSES ? addresses.keys().next().value : undefined;
    if (oldest !== undefined) addresses.delete(oldest);
    return bucket() && all();
  };
}

function createBucket({ burst, perSecond }: typeof ONE_ADDRESS, now: () => number): () => boolean {
  let left = burst;
  let at = now();
  return () => {
    const time = now();
    left = Math.min(burst, left + ((time - at) / 1000) * perSecond);
    at = time;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
