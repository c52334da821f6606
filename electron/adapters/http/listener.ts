/**
 * What every listener has in common: how many connections it takes, how many of one address, and how long one may
 * be open without asking for anything. Nobody can keep others out by holding connections.
 */
import { type IncomingMessage, type ServerOptions, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../core/ports.ts';
import { createSystemClock } from '../clock.ts';

export interface ListenerLimits {
  /** Open connections, of all addresses together. */
  connections: number;
  /** Open connections of one address. */
  perAddress: number;
  /** From the connection until the headers of its first request are there, milliseconds. */
  firstMs: number;
  /** Between two requests on a connection that has shown no token, milliseconds. */
  idleMs: number;
  /** The same, where it has shown one. */
  keepAliveMs: number;
  /** For a request to arrive, its body included, milliseconds. */
  requestMs: number;
  headerBytes: number;
}

export const usualLimits: ListenerLimits = {
  connections: 512,
  perAddress: 64,
  firstMs: 5000,
  idleMs: 5000,
  keepAliveMs: 65_000,
  requestMs: 10_000,
  headerBytes: 8 * 1024,
};

/** Why a connection ends without the answer that it came for. */
export type RefusalReason = 'busy' | 'too-slow' | 'headers-too-large' | 'malformed';

/** The usual status of each. */
export const refusalStatus: Readonly<Record<RefusalReason, number>> = {
  busy: 503,
  'too-slow': 408,
  'headers-too-large': 431,
  malformed: 400,
};

/** Connections that were turned away since the last report. */
export interface RefusedConnections {
  count: number;
  /** Of the last one. */
  address: string;
}

export interface GuardOptions {
  limits: ListenerLimits;
  /** What a refused connection is answered, in the words of this server. Without it, it is closed. */
  refusal?(reason: RefusalReason): { status: number; body: unknown };
  /** For the log: the first time, then at most once a minute, however many there are. */
  onRefused(refused: RefusedConnections): void;
  /** Default: the system's. */
  clock?: Pick<Clock, 'monotonic' | 'timer'> | undefined;
}

export interface ListenerGuard {
  /** This connection has shown a token: it may stay open between requests, and makes room for no other. */
  admit(socket: Duplex): void;
  /** For the server's `clientError` event: the answer to what is no HTTP, too large or too slow. */
  clientError(error: Error & { code?: string }, socket: Duplex): void;
  readonly open: number;
}

interface Connection {
  socket: Socket;
  address: string;
  admitted: boolean;
  /** Being answered. */
  responses: Set<ServerResponse>;
  /** Since when it asks for nothing, monotonic. */
  idleSince: number;
  /** What it had sent by then. */
  bytesRead: number;
  timer: Timer | null;
}

/** A connection that is younger is not closed to make room: its request may be under way. */
const GRACE_MS = 1000;
const REPORT_MS = 60_000;
/** How many refused connections may stay for their answer at the same time, and how long. */
const MOST_LEAVING = 16;
const LEAVING_MS = 1000;
const CHECK_MS = 1000;

/** For `createServer` of node:http. */
export function serverOptions(limits: ListenerLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.firstMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: limits.keepAliveMs,
    noDelay: true,
  };
}

/**
 * Holds a server of node:http or node:net to its limits. Call it when the server has its own listeners, before it
 * listens. Where an address, or all of them together, have as many connections as they may, the one that has asked
 * for nothing for the longest time is closed for a new one; where none has for a second, the new one is refused.
 */
export function guardListener(server: Server, options: GuardOptions): ListenerGuard {
  const { limits, refusal, onRefused, clock = createSystemClock() } = options;
  const connections = new Map<Duplex, Connection>();
  const counts = new Map<string, number>();
  /** Those without a token that ask for nothing, the longest first. */
  const idle = new Set<Connection>();
  const report = createReport(clock, onRefused);
  let leaving = 0;

  const inner = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = addressOf(socket);
    if (!hasRoom(address)) refuse(socket, address);
    else {
      take(socket, address);
      for (const listener of inner) listener.call(server, socket);
    }
  });
  server.prependListener('request', onRequest);

  function hasRoom(address: string): boolean {
    const fits = (counts.get(address) ?? 0) < limits.perAddress || makeRoom((one) => one.address === address);
    return fits && (connections.size < limits.connections || makeRoom(() => true));
  }

  function makeRoom(suits: (connection: Connection) => boolean): boolean {
    const youngest = clock.monotonic() - GRACE_MS;
    for (const connection of idle) {
      if (connection.idleSince > youngest) return false;
      if (!suits(connection)) continue;
      report(connection.address);
      end(connection);
      return true;
    }
    return false;
  }

  function take(socket: Socket, address: string): void {
    const connection: Connection = {
      socket,
      address,
      admitted: false,
      responses: new Set(),
      idleSince: 0,
      bytesRead: 0,
      timer: null,
    };
    connections.set(socket, connection);
    counts.set(address, (counts.get(address) ?? 0) + 1);
    socket.once('close', () => forget(connection));
    rest(connection, limits.firstMs);
  }

  function forget(connection: Connection): void {
    if (!connections.delete(connection.socket)) return;
    wake(connection);
    const left = (counts.get(connection.address) ?? 1) - 1;
    if (left > 0) counts.set(connection.address, left);
    else counts.delete(connection.address);
  }

  function end(connection: Connection): void {
    forget(connection);
    connection.socket.destroy();
  }

  function rest(connection: Connection, ms: number): void {
    if (connection.admitted) return;
    connection.idleSince = clock.monotonic();
    connection.bytesRead = connection.socket.bytesRead;
    idle.add(connection);
    if (Number.isFinite(ms)) connection.timer = clock.timer(ms, () => expire(connection));
  }

  function wake(connection: Connection): void {
    idle.delete(connection);
    connection.timer?.cancel();
    connection.timer = null;
  }

  function expire(connection: Connection): void {
    // Half a request gets a word; a connection that was only held gets none.
    const began = connection.socket.bytesRead > connection.bytesRead;
    forget(connection);
    if (began) leave(connection.socket, 'too-slow');
    else connection.socket.destroy();
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = connections.get(request.socket);
    if (!connection) return;
    wake(connection);
    connection.responses.add(response);
    response.once('close', () => {
      connection.responses.delete(response);
      if (connection.responses.size === 0 && connections.has(connection.socket)) {
        rest(connection, limits.idleMs);
      }
    });
  }

  function refuse(socket: Socket, address: string): void {
    report(address);
    socket.on('error', () => {});
    leave(socket, 'busy');
  }

  /** Answers, and gives the other side a moment to read it: what is unread when a socket closes destroys the answer. */
  function leave(socket: Socket, reason: RefusalReason): void {
    if (refusal === undefined || leaving >= MOST_LEAVING || !socket.writable) {
      socket.destroy();
      return;
    }
    leaving += 1;
    // Its own time, whatever the clock: a server that closes waits for it.
    const timer = setTimeout(() => socket.destroy(), LEAVING_MS).unref();
    socket.once('close', () => {
      leaving -= 1;
      clearTimeout(timer);
    });
    socket.resume();
    socket.end(answerOf(refusal(reason)));
  }

  return {
    admit(socket) {
      const connection = connections.get(socket);
      if (!connection) return;
      connection.admitted = true;
      wake(connection);
    },
    clientError(error, socket) {
      const responses = connections.get(socket)?.responses ?? [];
      const isAnswered = [...responses].some((response) => response.headersSent);
      if (refusal === undefined || error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
        socket.destroy();
      } else socket.end(answerOf(refusal(reasonOf(error.code))), () => socket.destroy());
    },
    get open() {
      return connections.size;
    },
  };
}

/** The same machine by IPv4 and by IPv4 in IPv6 is one address. */
function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}

function reasonOf(code: string | undefined): RefusalReason {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'too-slow' : 'malformed';
}

function answerOf({ status, body }: { status: number; body: unknown }): string {
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}

function createReport(
  clock: Pick<Clock, 'monotonic'>,
  onRefused: (refused: RefusedConnections) => void,
): (address: string) => void {
  let count = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (address) => {
    count += 1;
    const now = clock.monotonic();
    if (now - reportedAt < REPORT_MS) return;
    reportedAt = now;
    const refused = { count, address };
    count = 0;
    onRefused(refused);
  };
}
