import type { WireError } from '../../shared/contract/errors.ts';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { createEmitter } from '../../shared/emitter.ts';

/**
 * `connecting` before the first connection, `reconnecting` after losing one, `unauthorized` if the core responds but
 * this browser is not signed in: it then needs a new one-time address.
 */
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'unauthorized';

export interface LinkStatus {
  state: LinkState;
  /** Why it is not live, if known. */
  error: WireError | null;
  /** When the next attempt is made, milliseconds since the epoch; null if none is scheduled. */
  retryAt: number | null;
}

/** What carries messages: a MessagePort behind the preload script, or a WebSocket. */
export interface Link {
  /** False if the link is not live and the message was not sent. */
  send(message: ClientMessage): boolean;
  onMessage(listener: (message: ServerMessage) => void): () => void;
  status(): LinkStatus;
  onStatus(listener: (status: LinkStatus) => void): () => void;
  /** Try again now, if it is waiting to. */
  retry(): void;
  close(): void;
}

/** The listeners of a link, and its status. */
export function createLinkState(initial: LinkStatus) {
  const messages = createEmitter<[ServerMessage]>({ name: 'link' });
  const statuses = createEmitter<[LinkStatus]>({ name: 'link' });
  let status = initial;
  return {
    status: () => status,
    setStatus(next: LinkStatus) {
      status = next;
      statuses.emit(next);
    },
    deliver: messages.emit,
    onMessage: messages.on,
    onStatus: statuses.on,
  };
}
