/** Puts single items into batches while earlier batches run. */
export interface Gatherer<Item, Result> {
  /** Rejects with the signal's reason as soon as that aborts; an item that has not begun is never run. */
  add(item: Item, signal: AbortSignal): Promise<Result>;
  /** Items that wait or run. */
  waiting(): number;
}

export interface GathererOptions<Item, Result> {
  /** Items of one batch; asked before each. */
  most(): number;
  /** Batches that run at once; asked before each. One more than really run, and the next one is always prepared. */
  atOnce(): number;
  /** Whether two items may share a batch. */
  alike(a: Item, b: Item): boolean;
  /** One result for each item. Aborted when nobody waits for any of them any more. */
  run(items: readonly Item[], signal: AbortSignal): Promise<readonly Result[]>;
}

interface Waiting<Item, Result> {
  item: Item;
  signal: AbortSignal;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export function createGatherer<Item, Result>(options: GathererOptions<Item, Result>): Gatherer<Item, Result> {
  const waiting = new Set<Waiting<Item, Result>>();
  let running = 0;
  let inRuns = 0;

  function next(): void {
    while (running < options.atOnce()) {
      const batch = take();
      if (batch.length === 0) return;
      running += 1;
      inRuns += batch.length;
      void perform(batch).finally(() => {
        running -= 1;
        inRuns -= batch.length;
        next();
      });
    }
  }

  function take(): Waiting<Item, Result>[] {
    const [first] = waiting;
    if (first === undefined) return [];
    const most = Math.max(1, options.most());
    const batch: Waiting<Item, Result>[] = [];
    for (const other of waiting) {
      if (batch.length === most) break;
      if (other === first || options.alike(first.item, other.item)) batch.push(other);
    }
    for (const other of batch) waiting.delete(other);
    return batch;
  }

  async function perform(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const controller = new AbortController();
    const stop = () => {
      if (batch.every(({ signal }) => signal.aborted)) controller.abort(batch[0]?.signal.reason);
    };
    for (const { signal } of batch) signal.addEventListener('abort', stop, { once: true });
    try {
      const results = await options.run(
        batch.map(({ item }) => item),
        controller.signal,
      );
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      for (const { signal } of batch) signal.removeEventListener('abort', stop);
    }
  }

  return {
    waiting: () => waiting.size + inRuns,
    add(item, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const abort = () => {
          waiting.delete(entry);
          reject(signal.reason);
        };
        const settle =
          <Value>(how: (value: Value) => void) =>
          (value: Value) => {
            signal.removeEventListener('abort', abort);
            how(value);
          };
        const entry: Waiting<Item, Result> = {
          item,
          signal,
          resolve: settle(resolve),
          reject: settle(reject),
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.add(entry);
        next();
      });
    },
  };
}
