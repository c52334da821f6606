import type { WireError } from '../../shared/contract/errors.ts';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { bearerProtocol, callPath, linkProtocol, streamPath } from '../../shared/contract/link-names.ts';
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
  openSession(): Promise<Session>;
  /** Called when the bearer is no longer valid. */
  forgetSession(): void;
  openSocket(path: string, protocols: string[]): Socket;
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** Calls back after `ms` milliseconds; the returned function cancels it. */
  schedule(ms: number, callback: () => void): () => void;
  now(): number;
  random(): number;
}

/** Close codes that mean the server rejected the bearer. */
const unauthorizedCodes = new Set([1008, 4401, 4403]);

/** A WebSocket link that reconnects automatically with back-off until the core refuses its bearer. */
export function createWebSocketLink(deps: WebSocketLinkDeps): Link {
  const state = createLinkState({ state: 'connecting', error: null, retryAt: null });
  let socket: Socket | null = null;
  let bearer: string | null = null;
  let attempt = 0;
  let everLive = false;
  let closed = false;
  let cancelRetry: (() => void) | null = null;

  async function begin(): Promise<void> {
    if (closed) return;
    if (bearer === null) {
      const session = await deps.openSession();
      if (closed) return;
      if ('error' in session) {
        if (session.error.code === 'LINK_LOST') again(session.error);
        else refuse(session.error);
        return;
      }
      bearer = session.bearer;
    }
    connect(bearer);
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
      if (unauthorizedCodes.has(event.code)) refuse(ownError('UNAUTHORIZED'));
      else if (opened) again(ownError('LINK_LOST'));
      else void afterRefusedOpening(withBearer);
    };
  }

  /** A browser hides why a WebSocket did not open: a plain request distinguishes "unknown bearer" from "unreachable". */
  async function afterRefusedOpening(withBearer: string): Promise<void> {
    try {
      const response = await deps.fetch(callPath('core.status'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${withBearer}` },
        body: '{}',
      });
      if (response.status === 401 || response.status === 403) {
        refuse(ownError('UNAUTHORIZED'));
        return;
      }
    } catch {
      // The core is unreachable: the next attempt decides.
    }
    again(ownError('LINK_LOST'));
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

  function refuse(error: WireError): void {
    bearer = null;
    deps.forgetSession();
    state.setStatus({ state: 'unauthorized', error, retryAt: null });
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
      if (!cancelRetry) return;
      cancelRetry();
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
