/**
 * A queue between a producer and a consumer that run at different speeds: `push` waits while it is full,
 * `take` waits while it is empty.
 */
export interface BoundedQueue<Item> {
  push(item: Item, signal: AbortSignal): Promise<void>;
  /** The next item, or null when the queue was closed and is empty. */
  take(signal: AbortSignal): Promise<Item | null>;
  /** No more items will come. */
  close(): void;
  readonly size: number;
}

export function createBoundedQueue<Item>(capacity: number): BoundedQueue<Item> {
  const items: Item[] = [];
  const waiting = new Set<() => void>();
  let closed = false;

  function wakeAll(): void {
    const woken = [...waiting];
    waiting.clear();
    for (const wake of woken) wake();
  }

  function changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      waiting.add(wake);
    });
  }

  return {
    async push(item, signal) {
      while (items.length >= capacity && !closed) await changed(signal);
      signal.throwIfAborted();
      if (closed) throw new Error('The queue is closed.');
      items.push(item);
      wakeAll();
    },
    async take(signal) {
      for (;;) {
        signal.throwIfAborted();
        const item = items.shift();
        if (item !== undefined) {
          wakeAll();
          return item;
        }
        if (closed) return null;
        await changed(signal);
      }
    },
    close() {
      closed = true;
      wakeAll();
    },
    get size() {
      return items.length;
    },
  };
}
