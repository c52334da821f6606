/** A simulated server behind the gateway, at whose address the clients are pointed. */
import type { ServerResponse } from 'node:http';
import { CATALOGUE, defineModel } from '../../../electron/simulator/catalogue.ts';
import { createSystemClock } from '../../../electron/simulator/clock.ts';
import type { SimulatedOllama } from '../../../electron/simulator/ollama.ts';
import { startHttpServer } from '../../fakes/bad-server.ts';
import { type ListedGateway, openGateway } from '../../fakes/listed-gateway.ts';
import { serveOllama } from '../simulator/support.ts';

export const CHAT = 'llama3.1:8b';
export const EMBED = 'all-minilm:latest';
/** Only the registry has it. */
export const NEW = 'tinyllama:1b';

export interface ClientWorld extends AsyncDisposable {
  /** Of the gateway. */
  url: string;
  gateway: ListedGateway;
  /** Of the server behind it. */
  serverUrl: string;
  ollama: SimulatedOllama;
  /** What arrived at the server, such as `POST /api/chat`. */
  asked(): string[];
}

export async function openClientWorld(): Promise<ClientWorld> {
  await using stack = new AsyncDisposableStack();
  const served = stack.use(
    await serveOllama({
      clock: createSystemClock(),
      // Loads and tokens take no time to speak of.
      speed: 1000,
      pullBytesPerSecond: 1e9,
      registry: [defineModel({ ...CATALOGUE.llama32, name: NEW })],
    }),
  );
  const gateway = stack.use(await openGateway([{ id: 'tower', url: served.url }]));
  const kept = stack.move();
  const isProbe = (path: string) => path === '/api/tags' || path === '/api/ps' || path === '/api/version';
  return {
    url: gateway.url,
    gateway,
    serverUrl: served.url,
    ollama: served.ollama,
    asked: () =>
      served.ollama
        .log()
        .filter(({ path }) => !isProbe(path))
        .map(({ method, path }) => `${method} ${path}`),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export interface EndlessWorld extends AsyncDisposable {
  url: string;
  /** Resolves when the connection of the stream is closed at the server. */
  closed: Promise<void>;
}

/** A server whose answers begin as told and never end, behind the gateway. */
export async function openEndlessWorld(
  begin: (response: ServerResponse, path: string) => void,
): Promise<EndlessWorld> {
  await using stack = new AsyncDisposableStack();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const server = stack.use(
    await startHttpServer((request, response) => {
      response.once('close', () => resolve());
      begin(response, request.url ?? '');
    }),
  );
  const gateway = stack.use(await openGateway([{ id: 'endless', url: server.url, models: [CHAT, EMBED] }]));
  const kept = stack.move();
  return { url: gateway.url, closed, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
