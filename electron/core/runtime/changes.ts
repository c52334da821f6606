/** Lets callers wait for the next change without missing one in between. */
export interface Changes {
  notify(): void;
  /** Resolves at the next `notify` after this call; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>;
}

export function createChanges(): Changes {
  let waiting = new Set<() => void>();
  return {
    notify() {
      const woken = waiting;
      waiting = new Set();
      for (const wake of woken) wake();
    },
    wait(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const stop = () => {
          waiting.delete(wake);
          reject(signal.reason);
        };
        const wake = () => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
        signal.addEventListener('abort', stop, { once: true });
        waiting.add(wake);
      });
    },
  };
}
