import type { ClientMessage, ServerMessage } from '../../shared/contract/link.ts';
import { createLinkState, type Link } from './link.ts';

/** What Electron’s preload script exposes on `window`: a MessagePort behind two functions, and the system's dialog. */
export interface PreloadBridge {
  send(message: ClientMessage): void;
  onMessage(listener: (message: ServerMessage) => void): () => void;
  /** Calls the listener once; null if no folder was chosen. */
  chooseFolder(listener: (path: string | null) => void): void;
}

declare global {
  interface Window {
    pilotlight?: PreloadBridge;
  }
}

/**
 * A link inside the Electron window. The core lives in the same application, so it is live from the start.
 * @param ready what arrives before it is delivered afterwards
 */
export function createPreloadLink(bridge: PreloadBridge, ready: Promise<unknown>): Link {
  const state = createLinkState({ state: 'live', error: null, retryAt: null });
  let early: ServerMessage[] | null = [];
  void ready.then(() => {
    const arrived = early ?? [];
    early = null;
    for (const message of arrived) state.deliver(message);
  });
  const stop = bridge.onMessage((message) => {
    if (early) early.push(message);
    else state.deliver(message);
  });
  return {
    send(message) {
      bridge.send(message);
      return true;
    },
    onMessage: state.onMessage,
    status: state.status,
    onStatus: state.onStatus,
    retry() {},
    close: () => stop(),
  };
}
