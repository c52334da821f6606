/** Limits how many operations run at once. */
export interface Slots {
  /** Waits for a free slot, in order. Rejects with the signal's reason, without starting, if that aborts first. */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

export function createSlots(most: number): Slots {
  let taken = 0;
  const waiting = new Set<() => void>();

  function take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (taken < most) {
      taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      waiting.add(begin);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  function free(): void {
    const [next] = waiting;
    if (next === undefined) {
      taken -= 1;
      return;
    }
    // The one that waited longest gets the slot.
    waiting.delete(next);
    next();
  }

  return {
    async run(work, signal) {
      await take(signal);
      try {
        return await work();
      } finally {
        free();
      }
    },
  };
}
