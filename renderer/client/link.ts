import type { WireError } from '../../shared/contract/errors.ts';
import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { createEmitter } from '../../shared/emitter.ts';

/**
 * `connecting` before the first connection, `reconnecting` after one was lost, `unauthorized` when the core
 * answers but does not know this tab: only a fresh one-time address helps then.
 */
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'unauthorized';

export interface LinkStatus {
  state: LinkState;
  /** Why it is not live, where that is known. */
  error: WireError | null;
  /** When the next attempt is made, milliseconds since the epoch; null when none is planned. */
  retryAt: number | null;
}

/** What carries messages: a MessagePort behind the preload script, or a WebSocket. */
export interface Link {
  /** False when the link is not live; the message is then not sent. */
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
