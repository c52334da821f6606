import type { WireError } from '../../shared/contract/errors.ts';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { bearerProtocol, linkProtocol, signedOutCode, streamPath } from '../../shared/contract/link-names.ts';
import { reconnectDelay } from './backoff.ts';
import { ownError } from './errors.ts';
import { createLinkState, type Link } from './link.ts';
import type { Session } from './session.ts';

/** The part of a WebSocket that the link uses. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
}

export interface WebSocketLinkDeps {
  /** The bearer for one connection. */
  openSession(): Promise<Session>;
  openSocket(path: string, protocols: string[]): Socket;
  /** Calls back after `ms` milliseconds; the returned function cancels it. */
  schedule(ms: number, callback: () => void): () => void;
  now(): number;
  random(): number;
}

/** Errors of a session that may pass by themselves. */
const passing: ReadonlySet<string> = new Set(['LINK_LOST', 'OTHER_PROGRAM']);

/** A WebSocket link that reconnects automatically with back-off until this browser is signed out. */
export function createWebSocketLink(deps: WebSocketLinkDeps): Link {
  const state = createLinkState({ state: 'connecting', error: null, retryAt: null });
  let socket: Socket | null = null;
  let attempt = 0;
  let everLive = false;
  let closed = false;
  let beginning = false;
  let cancelRetry: (() => void) | null = null;

  async function begin(): Promise<void> {
    if (closed || beginning) return;
    beginning = true;
    // Each time: another tab may have signed in, and another program may have taken the port.
    const session = await deps.openSession();
    beginning = false;
    if (closed) return;
    if (!('error' in session)) connect(session.bearer);
    else if (passing.has(session.error.code)) again(session.error);
    else state.setStatus({ state: 'unauthorized', error: session.error, retryAt: null });
  }

  function connect(withBearer: string): void {
    const opening = deps.openSocket(streamPath, [linkProtocol, bearerProtocol(withBearer)]);
    let opened = false;
    socket = opening;
    opening.onopen = () => {
      opened = true;
      attempt = 0;
      everLive = true;
      state.setStatus({ state: 'live', error: null, retryAt: null });
    };
    opening.onmessage = (event) => {
      const message = parse(event.data);
      if (message) state.deliver(message);
    };
    opening.onclose = (event) => {
      if (socket !== opening || closed) return;
      socket = null;
      // Opening the session again says why it ended.
      if (opened && event.code === signedOutCode) void begin();
      else again(ownError('LINK_LOST'));
    };
  }

  function again(error: WireError): void {
    if (closed) return;
    const delay = reconnectDelay(attempt, deps.random);
    attempt += 1;
    state.setStatus({
      state: everLive ? 'reconnecting' : 'connecting',
      error,
      retryAt: deps.now() + delay,
    });
    cancelRetry = deps.schedule(delay, () => {
      cancelRetry = null;
      void begin();
    });
  }

  void begin();

  return {
    send(message: ClientMessage) {
      if (state.status().state !== 'live' || !socket) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    onMessage: state.onMessage,
    status: state.status,
    onStatus: state.onStatus,
    retry() {
      const isSignedOut = state.status().state === 'unauthorized' && socket === null;
      if (!cancelRetry && !isSignedOut) return;
      cancelRetry?.();
      cancelRetry = null;
      void begin();
    },
    close() {
      closed = true;
      cancelRetry?.();
      socket?.close();
    },
  };
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    // The core validates what it sends against the contract; the panel trusts its own origin.
    return JSON.parse(data) as ServerMessage;
  } catch {
    return null;
  }
}
