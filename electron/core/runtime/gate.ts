/** A gate that callers wait at while it is closed. */
import { abortable } from '../../../shared/abortable.ts';

export interface Gate {
  readonly closed: boolean;
  close(): void;
  reopen(): void;
  /** Resolves once it is open; rejects with the signal's reason. */
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
      // It may have been closed again before this continues.
      while (opened !== null) await abortable(opened.promise, signal);
    },
  };
}
