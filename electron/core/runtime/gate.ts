/** Waiting for what may be shut for a while. */
import { abortable } from '../../../shared/abortable.ts';

export interface Gate {
  readonly closed: boolean;
  close(): void;
  reopen(): void;
  /** Resolves at once while it is open, else when it opens; rejects with the signal's reason. */
  open(signal: AbortSignal): Promise<void>;
}

export function createGate(): Gate {
  let opened: { promise: Promise<void>; resolve: () => void } | null = null;
  return {
    get closed() {
      return opened !== null;
    },
    close() {
      opened ??= Promise.withResolvers<void>();
    },
    reopen() {
      opened?.resolve();
      opened = null;
    },
    async open(signal) {
      signal.throwIfAborted();
      // It may have been shut again by the time whoever waited is heard.
      while (opened !== null) await abortable(opened.promise, signal);
    },
  };
}
