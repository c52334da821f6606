/**
 * The built panel with a core of made-up machines behind it, over the real wire: static files, one bearer, one
 * WebSocket. What a core would send in an hour can be sent in seconds.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { type WebSocket, WebSocketServer } from 'ws';
import { sessionProof } from '../../electron/core/access/session-proof.ts';
import {
  type ClientMessage,
  exchangePath,
  linkProtocol,
  proofPath,
  type ServerMessage,
  streamPath,
} from '../../shared/contract/link.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { TelemetrySample } from '../../shared/models/telemetry.ts';
import { dist } from '../e2e/support/core.ts';
import { scene } from '../e2e/support/scenes.ts';

const bearer = 'of-the-bench';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface PanelWorld {
  /** An address that opens the panel. */
  url: string;
  /** Sends one delta to whoever listens to the stream. */
  push(stream: string, set: [string, unknown][]): void;
  close(): Promise<void>;
}

/** @param history answers `telemetry.history` */
export async function servePanel(options: {
  nodes: readonly NodeView[];
  history?: (nodeId: string) => TelemetrySample[];
}): Promise<PanelWorld> {
  const { streams, results } = scene([...options.nodes]);
  const subscribers = new Map<string, Set<{ socket: WebSocket; id: number }>>();
  let sequence = 1;

  async function sendFile(pathname: string, reply: ServerResponse): Promise<void> {
    const name = pathname === '/' ? 'index.html' : pathname.replaceAll('..', '');
    try {
      const body = await readFile(join(dist, 'renderer', name));
      reply.writeHead(200, { 'content-type': types[extname(name)] ?? 'text/plain' }).end(body);
    } catch {
      reply.writeHead(404).end();
    }
  }

  function answer(socket: WebSocket, message: ClientMessage): void {
    const send = (reply: ServerMessage) => socket.send(JSON.stringify(reply));
    if (message.type === 'subscribe') {
      const set = streams[message.stream] ?? [];
      const cursor = { epoch: 'bench', sequence };
      send({ type: 'frame', id: message.id, frame: { kind: 'snapshot', cursor, set, removed: [] } });
      const known = subscribers.get(message.stream) ?? new Set();
      subscribers.set(message.stream, known.add({ socket, id: message.id }));
    } else if (message.type === 'call') {
      const { nodeId } = message.params as { nodeId?: string };
      const result =
        message.method === 'telemetry.history' && nodeId !== undefined && options.history
          ? options.history(nodeId)
          : (results[message.method] ?? []);
      send({ type: 'result', id: message.id, result });
    } else {
      for (const known of subscribers.values()) {
        for (const one of known) if (one.socket === socket && one.id === message.id) known.delete(one);
      }
    }
  }

  const server = createServer((request, reply) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const sendJson = (body: unknown) =>
      reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === exchangePath) sendJson({ session: 'bench', bearer });
    else if (pathname === proofPath) {
      void json(request).then((question) => {
        const { nonce } = question as { nonce: string };
        const digest = createHash('sha256').update(bearer).digest('hex');
        sendJson({ proof: sessionProof({ digest, nonce, origin: request.headers.origin ?? '' }) });
      });
    } else {
      void sendFile(pathname, reply);
    }
  });
  const sockets = new WebSocketServer({ server, path: streamPath, handleProtocols: () => linkProtocol });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => answer(socket, JSON.parse(String(data)) as ClientMessage));
    socket.on('close', () => {
      for (const known of subscribers.values()) {
        for (const one of known) if (one.socket === socket) known.delete(one);
      }
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/#token=${bearer}`,
    push(stream, set) {
      sequence += 1;
      const frame = { kind: 'delta' as const, cursor: { epoch: 'bench', sequence }, set, removed: [] };
      for (const { socket, id } of subscribers.get(stream) ?? []) {
        socket.send(JSON.stringify({ type: 'frame', id, frame } satisfies ServerMessage));
      }
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** A machine with a GPU at work, as telemetry sees it. */
export function sampleOf(node: NodeView, at: number): TelemetrySample {
  const beat = Math.abs(Math.sin(at / 9000 + node.id.length));
  return {
    nodeId: node.id,
    at,
    gpus: [
      {
        id: '0',
        vendor: 'nvidia',
        name: 'RTX 3090',
        vramTotalBytes: 24e9,
        vramUsedBytes: 11e9,
        utilisationPercent: Math.round(60 + 35 * beat),
        temperatureCelsius: Math.round(55 + 10 * beat),
        powerWatts: Math.round(180 + 90 * beat),
      },
    ],
    host: { cpuPercent: Math.round(20 * beat), memoryTotalBytes: 64e9, memoryUsedBytes: 9e9 },
    vramByModel: Object.fromEntries(node.loaded.map((model) => [model.name, model.vramBytes])),
  };
}

/** The page's wall clock can be put ahead, so that an hour of frames has its times. Before the page is opened. */
export async function shiftableClock(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const now = Date.now;
    Object.assign(globalThis, { shiftMs: 0 });
    Date.now = () => now() + (globalThis as unknown as { shiftMs: number }).shiftMs;
  });
}

export const shiftClock = (page: Page, ms: number) =>
  page.evaluate((value) => Object.assign(globalThis, { shiftMs: value }), ms);
