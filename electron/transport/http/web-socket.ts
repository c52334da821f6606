import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorCatalogue, PilotlightError } from '../../../shared/contract/errors.ts';
import {
  linkProtocol,
  mostMessageBytes,
  type ServerMessage,
  signedOutCode,
  streamPath,
} from '../../../shared/contract/link.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Listener } from '../../adapters/http/listener.ts';
import { endWith } from '../../adapters/http/refusals.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { Streams } from '../../core/runtime/streams.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { createFlow } from '../flow.ts';
import { createSession, type Session } from '../session.ts';
import { type Access, type Principal, protocolsOf } from './access.ts';

export interface WebSocketLimits {
  /** Largest message from a client, bytes. Default 1 MiB. */
  maxMessageBytes?: number;
  /** Stream frames wait while more than this is unsent, bytes. Default 1 MiB. */
  fullBytes?: number;
  /** A link with more than this unsent is closed, because its client does not read. Bytes, default 32 MiB. */
  cutBytes?: number;
  /** Time between two pings; a link that did not answer the last one is closed. Default 15 s. */
  heartbeatMs?: number;
  /** Maximum number of links. Default 64. */
  maxLinks?: number;
}

export interface WebSocketOptions {
  listener: Pick<Listener<Principal>, 'checkSource' | 'authenticate'>;
  access: Pick<Access, 'use' | 'uses' | 'whyRefused'>;
  dispatcher: Dispatcher;
  streams: Streams;
  clock: Clock;
  log: Log;
  limits?: WebSocketLimits;
}

export interface WebSocketLinks {
  /** For the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly open: number;
  /** Sends `end` on each stream and accepts no new links. */
  endStreams(): void;
  /** Closes each link with 1001 (going away); terminates those that do not answer within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/** Only our own link is an upgrade; a request for any other is served as if it asked for none. */
export const isLinkUpgrade = ({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean =>
  url.split('?', 1)[0] === streamPath && headers.upgrade?.toLowerCase() === 'websocket';

/** How long a client may take to close a link whose credential has ended. */
const signOutMs = 1000;

/** The contract over WebSockets, as JSON text. */
export function createWebSocketLinks(options: WebSocketOptions): WebSocketLinks {
  const { listener, access, dispatcher, streams, clock, log } = options;
  const {
    maxMessageBytes = mostMessageBytes,
    fullBytes = 1_048_576,
    cutBytes = 32 * 1_048_576,
    heartbeatMs = 15_000,
    maxLinks = 64,
  } = options.limits ?? {};
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (protocols) => (protocols.has(linkProtocol) ? linkProtocol : false),
  });
  // An upgrade that is no WebSocket's, which `ws` would answer in its own words.
  server.on('wsClientError', (_, socket) => refuse(socket, new PilotlightError('BAD_REQUEST')));
  const links = new Map<WebSocket, Session>();
  let stopping = false;

  /** Who may open a link; throws the error to answer with. */
  function admit(request: IncomingMessage) {
    if (listener.checkSource(request) !== null) throw new PilotlightError('FORBIDDEN_ORIGIN');
    if (stopping) throw new PilotlightError('STOPPING');
    const { principal } = listener.authenticate(request);
    if (principal === null) throw access.whyRefused(request);
    if (!protocolsOf(request).includes(linkProtocol)) throw new PilotlightError('UNAUTHORIZED');
    if (links.size >= maxLinks) throw new PilotlightError('SERVER_BUSY');
    return principal;
  }

  function serve(socket: WebSocket, principal: Principal): void {
    const { rights: scopes, credentialId } = principal;
    const flow = createFlow({ fullBytes });
    let alive = true;
    let heartbeat: Timer | null = null;

    function send(message: ServerMessage): boolean {
      if (socket.readyState !== socket.OPEN) return true;
      socket.send(JSON.stringify(message), sent);
      if (socket.bufferedAmount > cutBytes) {
        log.warn('A link was closed because its client does not read the responses.');
        socket.terminate();
      }
      return flow.queued(socket.bufferedAmount);
    }

    function sent(): void {
      if (flow.written(socket.bufferedAmount)) session.drained();
    }

    function beat(): void {
      if (!alive) {
        socket.terminate();
        return;
      }
      // An open link is a use, and a session may have reached its last day.
      if (!access.use(principal)) {
        signOut();
        return;
      }
      alive = false;
      socket.ping();
      heartbeat = clock.timer(heartbeatMs, beat);
    }

    /** Nothing crosses the link any more; a client that does not close it is cut off. */
    function signOut(): void {
      session.close();
      heartbeat?.cancel();
      socket.close(signedOutCode);
      heartbeat = clock.timer(signOutMs, () => socket.terminate());
    }

    const session = createSession({ dispatcher, streams, scopes, credentialId, log, send });
    links.set(socket, session);
    const release = access.uses.hold(credentialId, signOut);
    heartbeat = clock.timer(heartbeatMs, beat);
    socket.on('pong', () => {
      alive = true;
    });
    socket.on('message', (data, isBinary) => {
      // A message that is not JSON is passed on as undefined: the session answers with BAD_REQUEST.
      session.receive(isBinary ? undefined : parseJson(data.toString()));
    });
    // `ws` closes the link itself after an error (too large, not UTF-8, reset); `close` follows.
    socket.on('error', (error) => log.debug('A link failed.', { error: error.message }));
    socket.on('close', () => {
      heartbeat?.cancel();
      release();
      links.delete(socket);
      session.close();
    });
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      try {
        const principal = admit(request);
        server.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, principal));
      } catch (error) {
        refuse(socket, error instanceof PilotlightError ? error : new PilotlightError('BAD_REQUEST'));
      }
    },
    get open() {
      return links.size;
    },
    endStreams() {
      stopping = true;
      for (const session of links.values()) session.endStreams();
    },
    async close(deadlineMs) {
      stopping = true;
      const open = [...links.keys()];
      const closed = open.map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      for (const socket of open) socket.close(1001);
      const cut = clock.timer(deadlineMs, () => {
        for (const socket of open) socket.terminate();
      });
      await Promise.all(closed);
      cut.cancel();
    },
  };
}

function refuse(socket: Duplex, error: PilotlightError): void {
  endWith(socket, { status: errorCatalogue[error.code].status, body: error.toWire() });
}
