/**
 * The connections of one listener: how many in total, how many from one address, and how long one may stay idle.
 * Holding connections open cannot lock other clients out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { unmapIpv4 } from '../../../shared/network/ipv4.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import { createSystemClock } from '../clock.ts';
import type { ListenerLimits } from './limits.ts';
import { createRefusalReport, type RefusedConnections } from './refusal-report.ts';
import {
  type AnswerConnection,
  type ConnectionRefusal,
  endWith,
  parserRefusal,
  rawResponse,
} from './refusals.ts';

export type ConnectionClock = Pick<Clock, 'monotonic' | 'timer' | 'sleep'>;

export interface ConnectionOptions {
  /** Whether the server speaks TLS. */
  isSecure?: boolean;
  limits: ListenerLimits;
  /** The response to a refused connection. Without it, the connection is only closed. */
  answer?: AnswerConnection | undefined;
  /** Called for the first refusal, then at most once a minute. */
  onRefused?: ((refused: RefusedConnections) => void) | undefined;
  /** Default: the system's. */
  clock?: ConnectionClock | undefined;
}

export interface Connections {
  /** Its client is authenticated: the connection may stay open while idle, and is never closed to make room. */
  admit(socket: Duplex): void;
  /** Handles the server's `clientError` event: malformed, oversized and slow requests. */
  clientError(error: Error & { code?: string }, socket: Duplex): void;
  /** Resolves when every response in progress has ended. */
  answered(): Promise<void>;
  readonly open: number;
}

interface Connection {
  socket: Socket;
  address: string;
  admitted: boolean;
  /** Responses in progress, the oldest first. Not a Set: one that is filled and emptied keeps many of them in memory. */
  responses: ServerResponse[];
  /** When its last request arrived, monotonic. */
  askedAt: number;
  /** Monotonic time. */
  idleSince: number;
  /** Bytes received when it became idle. */
  bytesRead: number;
  timer: Timer | null;
}

/** Milliseconds. A connection that has been idle for less is not closed to make room: its request may be on its way. */
const GRACE_MS = 1000;
/** More unanswered requests than this close a connection without a token: ordinary clients do not pipeline. */
const MAX_AT_ONCE = 2;
/** How many refused connections may linger to read their response, and for how long. */
const MAX_LINGERING = 16;
const LEAVING_MS = 1000;

/**
 * Applies the limits to a server of node:http or node:net. Call it after the server's own listeners of connections and
 * requests were added and before it listens. At a limit, the connection without a token that has been idle longest is
 * closed to make room for a new one, or else one whose client does not send its request or read its response; if none
 * has kept the server waiting for a second, the new one is refused.
 */
export function limitConnections(server: Server, options: ConnectionOptions): Connections {
  const { limits, answer, onRefused = () => {}, clock = createSystemClock() } = options;
  const connections = new Map<Duplex, Connection>();
  const counts = new Map<string, number>();
  /** Idle connections without a token, the longest idle first. */
  const idle = new Set<Connection>();
  const report = createRefusalReport(clock, onRefused);
  let lingering = 0;

  // Over TLS a request belongs to the connection inside, which exists once the handshake is over.
  const event = options.isSecure ? 'secureConnection' : 'connection';
  if (options.isSecure) server.maxConnections = limits.connections;
  const inner = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    const address = addressOf(socket);
    if (!hasRoom(address)) refuse(socket, address);
    else {
      take(socket, address);
      for (const listener of inner) listener.call(server, socket);
    }
  });
  // Requests already parsed from a connection that has since been closed are not answered.
  const answering = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (isTaken(request, response))
      for (const listener of answering) listener.call(server, request, response);
  });

  function hasRoom(address: string): boolean {
    const fits = (counts.get(address) ?? 0) < limits.perAddress || makeRoom((one) => one.address === address);
    return fits && (connections.size < limits.connections || makeRoom(() => true));
  }

  function makeRoom(suits: (connection: Connection) => boolean): boolean {
    const youngest = clock.monotonic() - GRACE_MS;
    const connection = longestIdle(suits, youngest) ?? stalled(suits, youngest);
    if (connection === null) return false;
    report(connection.address);
    end(connection);
    return true;
  }

  function longestIdle(suits: (connection: Connection) => boolean, youngest: number): Connection | null {
    for (const connection of idle) {
      if (connection.idleSince > youngest) return null;
      if (suits(connection)) return connection;
    }
    return null;
  }

  function stalled(suits: (connection: Connection) => boolean, youngest: number): Connection | null {
    for (const connection of connections.values()) {
      if (connection.admitted || connection.askedAt > youngest || !suits(connection)) continue;
      if (waitsForClient(connection)) return connection;
    }
    return null;
  }

  function take(socket: Socket, address: string): void {
    const connection: Connection = {
      socket,
      address,
      admitted: false,
      responses: [],
      askedAt: 0,
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
    // A partial request gets a response; a silent connection is only closed.
    const began = connection.socket.bytesRead > connection.bytesRead;
    forget(connection);
    if (began) leave(connection.socket, 'too-slow');
    else connection.socket.destroy();
  }

  /** Whether the request should be answered. */
  function isTaken(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = connections.get(request.socket);
    if (!connection) return false;
    wake(connection);
    connection.askedAt = clock.monotonic();
    connection.responses.push(response);
    if (connection.responses.length > MAX_AT_ONCE && !connection.admitted) {
      report(connection.address);
      end(connection);
      return false;
    }
    response.once('close', () => {
      connection.responses.splice(connection.responses.indexOf(response), 1);
      if (connection.responses.length === 0 && connections.has(connection.socket)) {
        rest(connection, limits.idleMs);
      }
    });
    return true;
  }

  function refuse(socket: Socket, address: string): void {
    report(address);
    socket.on('error', () => {});
    leave(socket, 'busy');
  }

  /** Sends the response and waits a moment: closing a socket with unread input would discard the response. */
  function leave(socket: Socket, refusal: ConnectionRefusal): void {
    if (answer === undefined || lingering >= MAX_LINGERING || !socket.writable) {
      socket.destroy();
      return;
    }
    lingering += 1;
    // Real time, whatever the clock: a closing server waits for this socket.
    const timer = setTimeout(() => socket.destroy(), LEAVING_MS).unref();
    socket.once('close', () => {
      lingering -= 1;
      clearTimeout(timer);
    });
    socket.resume();
    socket.end(rawResponse(answer(refusal)));
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
      if (answer === undefined || error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
        socket.destroy();
      } else endWith(socket, answer(parserRefusal(error.code)));
    },
    async answered() {
      const responses = [...connections.values()].flatMap((one) => [...one.responses]);
      await Promise.all(
        responses.map((response) => new Promise<void>((resolve) => response.once('close', resolve))),
      );
    },
    get open() {
      return connections.size;
    },
  };
}

/** Whether its oldest response waits for the client: for the rest of the request, or until the client reads. */
function waitsForClient({ responses }: Connection): boolean {
  const [oldest] = responses;
  return oldest !== undefined && (!oldest.req.complete || oldest.writableEnded || oldest.writableNeedDrain);
}

function addressOf(socket: Socket): string {
  return unmapIpv4(socket.remoteAddress ?? '');
}
