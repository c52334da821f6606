/** A door for Immich with runners that a test switches on and off, and a client that asks like Immich. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDoor } from '../../electron/adapters/immich/door.ts';
import type {
  DoorBackend,
  DoorRules,
  DoorWake,
  OpenDoor,
  PredictPlace,
} from '../../electron/core/ports/immich-door.ts';
import { createFakeClock, type FakeClock } from './clock.ts';

export const PICTURE = { clip: { visual: { modelName: 'ViT-B-32__openai' } } };
export const TEXT = { clip: { textual: { modelName: 'ViT-B-32__openai', options: { language: 'de' } } } };

export interface FakeUpstream {
  readonly server: Server;
  readonly url: string;
  /** Bodies of the requests, as they arrived. */
  readonly bodies: Buffer[];
  /** Replaces the answer `{"clip": "[1]"}`. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<FakeUpstream> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      upstream.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: FakeUpstream = {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    answer(_, response) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"clip":"[1]"}');
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return upstream;
}

export interface FakeBackend extends DoorBackend {
  awake: PredictPlace[];
  asleep: { id: string; name: string }[];
  absent: string[];
  /** Wakes in progress, and how each ends. */
  readonly wakes: { id: string; finish(): void; fail(error: Error): void; signal: AbortSignal }[];
  /** Leases that live. */
  leases: number;
  changed(): void;
}

export function createFakeBackend(): FakeBackend {
  const listeners = new Set<() => void>();
  const backend: FakeBackend = {
    awake: [],
    asleep: [],
    absent: [],
    wakes: [],
    leases: 0,
    changed() {
      for (const listener of [...listeners]) listener();
    },
    places: () => backend.awake,
    sleepers: () => backend.asleep,
    missing: () => backend.absent,
    wake: (id, signal) =>
      new Promise<Disposable>((resolve, reject) => {
        backend.leases += 1;
        const end = () => {
          backend.leases -= 1;
        };
        signal.addEventListener('abort', () => {
          end();
          reject(signal.reason);
        });
        backend.wakes.push({
          id,
          signal,
          finish: () => resolve({ [Symbol.dispose]: end }),
          fail(error) {
            end();
            reject(error);
          },
        });
      }),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return backend;
}

export function aPlace(id: string, url: string, own: Partial<PredictPlace> = {}): PredictPlace {
  return {
    id,
    name: id,
    here: false,
    fallback: false,
    url,
    token: 'token',
    begin: () => ({ [Symbol.dispose]() {} }),
    ended() {},
    ...own,
  };
}

export interface TestDoor extends AsyncDisposable {
  readonly door: OpenDoor;
  readonly backend: FakeBackend;
  readonly clock: FakeClock;
  readonly rules: DoorRules;
  readonly wakes: DoorWake[];
  readonly missing: string[];
  readonly url: string;
  /** Resolves once the state of the door is so. */
  until(is: (state: ReturnType<OpenDoor['state']>) => boolean): Promise<void>;
  predict(entries: unknown, fields: Fields, signal?: AbortSignal): Promise<Answered>;
}

export interface Fields {
  image?: Uint8Array;
  text?: string;
}

export interface Answered {
  status: number;
  statusText: string;
  retryAfter: string | null;
  body: { detail?: string; code?: string; clip?: string };
}

export async function startTestDoor(): Promise<TestDoor> {
  const clock = createFakeClock();
  const backend = createFakeBackend();
  const rules: DoorRules = {
    holdMs: 240_000,
    cpuMeanwhile: false,
    budgetBytes: 64 * 1024 * 1024,
    allowed: [],
    ocrUrl: null,
  };
  const wakes: DoorWake[] = [];
  const missing: string[] = [];
  const watching = new Set<() => void>();
  const door = await openDoor({
    listen: { host: '127.0.0.1', port: 0 },
    rules: () => rules,
    backend,
    clock,
    onChange() {
      for (const watch of [...watching]) watch();
    },
    onMissing: (graph) => void missing.push(graph),
    onWake: (wake) => void wakes.push(wake),
    log() {},
  });
  const url = `http://127.0.0.1:${door.port}`;
  return {
    door,
    backend,
    clock,
    rules,
    wakes,
    missing,
    url,
    until: (is) =>
      new Promise((resolve) => {
        const watch = () => {
          if (!is(door.state())) return;
          watching.delete(watch);
          resolve();
        };
        watching.add(watch);
        watch();
      }),
    async predict(entries, { image, text }, signal) {
      const form = new FormData();
      form.set('entries', typeof entries === 'string' ? entries : JSON.stringify(entries));
      if (image !== undefined) form.set('image', new Blob([new Uint8Array(image)]));
      if (text !== undefined) form.set('text', text);
      const response = await fetch(`${url}/predict`, {
        method: 'POST',
        body: form,
        ...(signal === undefined ? {} : { signal }),
      });
      return {
        status: response.status,
        statusText: response.statusText,
        retryAfter: response.headers.get('retry-after'),
        body: (await response.json()) as Answered['body'],
      };
    },
    async [Symbol.asyncDispose]() {
      await door.close();
    },
  };
}
