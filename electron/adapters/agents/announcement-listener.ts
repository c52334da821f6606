/**
 * Where agents report that they are awake: `POST /hello`. It can be reached from the network, so it accepts small
 * requests at a low rate, and no answer reveals whether a proof was right.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HELLO_PATH, helloSchema } from '../../../shared/contract/agent/hello.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Log } from '../../core/ports/log.ts';
import type { AnnouncementListener } from '../../core/ports/network.ts';
import type { ConnectionClock } from '../http/connections.ts';
import { type ListenerLimits, usualLimits } from '../http/limits.ts';
import { createListener, type Listener } from '../http/listener.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { noBrowsers } from '../http/source.ts';
import { wireRefusal } from '../http/wire-refusals.ts';

export type Announcement = Parameters<Parameters<AnnouncementListener['open']>[1]>[0];

export interface AnnouncementServerOptions {
  log?: Pick<Log, 'warn'>;
  /** Clock of the connection limits. Default: the system's. */
  clock?: ConnectionClock;
}

export interface AnnouncementListenerOptions extends AnnouncementServerOptions {
  /** The address to listen on; default: all addresses of this computer. */
  host?: string;
}

const MAX_BODY_BYTES = 4096;
/** An agent sends one short request and disconnects. */
const limits: ListenerLimits = {
  ...usualLimits,
  connections: 128,
  perAddress: 8,
  requestMs: 5000,
  keepAliveMs: 5000,
};
const ONE_ADDRESS = { burst: 10, perSecond: 1 };
const ALL_ADDRESSES = { burst: 50, perSecond: 20 };

export function createAnnouncementListener({
  host,
  ...options
}: AnnouncementListenerOptions = {}): AnnouncementListener {
  let listener: Listener<never> | null = null;

  async function close(): Promise<void> {
    const ending = listener;
    listener = null;
    await ending?.close(0);
  }

  return {
    async open(port, onAnnouncement) {
      await close();
      const opening = createAnnouncementServer(onAnnouncement, options);
      try {
        await opening.listen({ host, port });
      } catch (cause) {
        throw new PilotlightError('PORT_IN_USE', {
          message: `Agents cannot announce themselves: port ${port} cannot be opened.`,
          next: 'Choose another port in Settings.',
          details: { port },
          cause,
        });
      }
      listener = opening;
    },
    close,
  };
}

export function createAnnouncementServer(
  onAnnouncement: (announcement: Announcement) => void,
  { log, clock }: AnnouncementServerOptions = {},
): Listener<never> {
  const isAllowed = createRateLimit({ each: ONE_ADDRESS, all: ALL_ADDRESSES });
  const listener = createListener({
    limits,
    clock,
    source: noBrowsers,
    answer: wireRefusal,
    onRefused: ({ count, address }) =>
      log?.warn('The announcement listener refused connections.', { count, address }),
    server: { keepAlive: false },
    handle(request, response) {
      if (!isAllowed(request.socket.remoteAddress ?? '')) answer(response, 429);
      else if (request.url !== HELLO_PATH) answer(response, 404);
      else if (request.method !== 'POST') answer(response, 405);
      else if (listener.checkSource(request) !== null) answer(response, 403);
      else receive(request, response, onAnnouncement);
    },
  });
  return listener;
}

function receive(
  request: IncomingMessage,
  response: ServerResponse,
  onAnnouncement: (announcement: Announcement) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else {
      answer(response, 413);
      request.pause();
    }
  });
  request.on('end', () => {
    if (size > MAX_BODY_BYTES) return;
    const announcement = readAnnouncement(Buffer.concat(chunks, size).toString('utf8'));
    answer(response, announcement === null ? 400 : 204);
    if (announcement !== null) onAnnouncement(announcement);
  });
  request.on('error', () => {});
}

function answer(response: ServerResponse, status: number): void {
  if (response.headersSent) return;
  response.writeHead(status, { connection: 'close', 'content-length': 0 });
  response.end(() => response.socket?.destroySoon());
}

function readAnnouncement(text: string): Announcement | null {
  return helloSchema.safeParse(parseJson(text)).data ?? null;
}
