/** One client for each link, all with the same face, against a real host. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket } from 'ws';
import type { LocalRunner } from '../../electron/core/ports/runner.ts';
import { readEndpoint } from '../../electron/host/endpoint.ts';
import type { HostGateway } from '../../electron/host/gateway.ts';
import { type Host, startHost } from '../../electron/host/start-host.ts';
import type { UpdateHost } from '../../electron/host/updates.ts';
import { serveMessagePort } from '../../electron/transport/message-port.ts';
import { PilotlightError, type WireError, wireErrorSchema } from '../../shared/contract/errors.ts';
import {
  bearerProtocol,
  type ClientMessage,
  callPath,
  linkProtocol,
  type ServerMessage,
  serverMessageSchema,
  streamPath,
} from '../../shared/contract/link.ts';
import type { Cursor, Frame } from '../../shared/contract/streams.ts';
import { createRememberingLog, type RememberingLog } from '../fakes/transport.ts';

export interface TestHost {
  host: Host;
  log: RememberingLog;
  token: string;
  folder: string;
  stop(): Promise<void>;
}

/** A real core with a real state, worker and simulated fleet, in a folder of its own. */
export async function startTestHost(
  options: {
    simulate?: boolean;
    gateway?: HostGateway;
    localRunner?: LocalRunner;
    /** Gets the data folder before the core starts. */
    updates?: (dataFolder: string) => Promise<UpdateHost>;
  } = {},
): Promise<TestHost> {
  const { localRunner } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-contract-'));
  const log = createRememberingLog();
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { mode: 0o700 });
  const updates = await options.updates?.(dataFolder);
  const host = await startHost({
    dataFolder,
    updates,
    simulate: options.simulate ?? false,
    ...(options.gateway && { gateway: options.gateway }),
    ...(localRunner && { localRunner: () => localRunner }),
    // A port where nothing listens: an Ollama of this machine has no part in the tests.
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    checkResults: true,
    ownAddresses: () => [{ address: '127.0.0.2', name: 'lo' }],
    log,
  });
  return {
    host,
    log,
    token: readEndpoint(host.dataFolder)?.token ?? '',
    folder,
    async stop() {
      await host.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface StreamReader {
  readonly frames: Frame[];
  readonly ended: boolean;
  /** Resolves with the first frame that fits, of those that came or will come. */
  until(fits: (frame: Frame) => boolean): Promise<Frame>;
  untilEnd(): Promise<void>;
  cancel(): void;
}

export interface TestLink {
  /** Rejects with a PilotlightError made from what crossed the link. */
  call(method: string, params: unknown): Promise<unknown>;
  /** Absent on a link without streams. */
  subscribe?(stream: string, cursor: Cursor | null): StreamReader;
  close(): Promise<void>;
}

export const linkNames = ['MessagePort', 'HTTP', 'WebSocket'] as const;
export const streamingLinks = ['MessagePort', 'WebSocket'] as const;
export type LinkName = (typeof linkNames)[number];

export function openLink(name: LinkName, test: TestHost): Promise<TestLink> {
  if (name === 'HTTP') return Promise.resolve(openHttp(test));
  return name === 'WebSocket' ? openWebSocket(test) : Promise.resolve(openMessagePort(test));
}

function openHttp({ host, token }: TestHost): TestLink {
  return {
    async call(method, params) {
      const reply = await fetch(`${host.url}${callPath(method)}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(params),
      });
      const body: unknown = await reply.json();
      if (reply.ok) return body;
      throw fromWire(wireErrorSchema.parse(body));
    },
    async close() {},
  };
}

async function openWebSocket({ host, token }: TestHost): Promise<TestLink> {
  const address = `${host.url.replace('http', 'ws')}${streamPath}`;
  const socket = new WebSocket(address, [linkProtocol, bearerProtocol(token)]);
  const client = createClient((message) => socket.send(JSON.stringify(message)));
  socket.on('message', (data) => client.receive(JSON.parse(data.toString())));
  await once(socket, 'open');
  return {
    ...client.link,
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function openMessagePort({ host }: TestHost): TestLink {
  const { port1, port2 } = new MessageChannel();
  const served = serveMessagePort({
    port: port1,
    dispatcher: host.dispatcher,
    streams: host.core.streams,
    log: host.log,
  });
  const client = createClient((message) => port2.postMessage(message));
  port2.on('message', client.receive);
  return {
    ...client.link,
    async close() {
      const closed = once(port2, 'close');
      served.stop();
      await closed;
    },
  };
}

interface Waiter {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The client's side of a link that carries messages. */
function createClient(send: (message: ClientMessage) => void) {
  const calls = new Map<number, Waiter>();
  const readers = new Map<number, { take(message: ServerMessage): void }>();
  let lastId = 0;

  const link = {
    call(method: string, params: unknown): Promise<unknown> {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        calls.set(id, { resolve, reject });
        send({ type: 'call', id, method, params });
      });
    },
    subscribe(stream: string, cursor: Cursor | null): StreamReader {
      lastId += 1;
      const id = lastId;
      const frames: Frame[] = [];
      const waiting = new Set<() => void>();
      let ended = false;
      readers.set(id, {
        take(message) {
          if (message.type === 'frame') frames.push(message.frame);
          else ended = true;
          for (const wake of [...waiting]) wake();
        },
      });
      const next = () => new Promise<void>((resolve) => waiting.add(resolve));
      send({ type: 'subscribe', id, stream, cursor });
      return {
        frames,
        get ended() {
          return ended;
        },
        async until(fits) {
          for (;;) {
            const found = frames.find(fits);
            if (found !== undefined) return found;
            if (ended) throw new Error('The stream ended.');
            await next();
          }
        },
        async untilEnd() {
          while (!ended) await next();
        },
        cancel() {
          send({ type: 'cancel', id });
        },
      };
    },
  };

  return {
    link,
    receive(raw: unknown) {
      const message = serverMessageSchema.parse(raw);
      const call = calls.get(message.id);
      if (call !== undefined) {
        calls.delete(message.id);
        if (message.type === 'result') call.resolve(message.result);
        else if (message.type === 'error') call.reject(fromWire(message.error));
        return;
      }
      readers.get(message.id)?.take(message);
    },
  };
}

function fromWire({ code, message, next, details }: WireError): PilotlightError {
  return new PilotlightError(code, { message, next, ...(details === undefined ? {} : { details }) });
}
