/** Waits until something has changed. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once if it rang since the last wait; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rang = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      rang = true;
      wake?.();
    },
    wait(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const end = (settle: () => void) => {
          wake = null;
          signal.removeEventListener('abort', stop);
          settle();
        };
        const stop = () => end(() => reject(signal.reason));
        wake = () => {
          rang = false;
          end(resolve);
        };
        signal.addEventListener('abort', stop, { once: true });
        if (rang) wake();
      });
    },
  };
}
