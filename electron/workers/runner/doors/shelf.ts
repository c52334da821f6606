/** Models that are open, by key: opened on first use, and dropped when nobody has used them for a while. */
import type { Clock, Timer } from '../../../core/ports/time.ts';

export interface Shelf<Model> {
  /** Opens the model if it is not open. It stays open at least until `work` has settled. */
  use<Result>(
    key: string,
    open: () => Promise<Model>,
    work: (model: Model) => Promise<Result>,
  ): Promise<Result>;
  /** Keys of open models. */
  keys(): string[];
  /** Drops a model as soon as nobody uses it. */
  drop(key: string): Promise<void>;
  close(): Promise<void>;
}

export interface ShelfOptions {
  clock: Clock;
  /** How long an unused model stays open, milliseconds; null for as long as the shelf. */
  idleMs: number | null;
}

interface Entry<Model> {
  model: Promise<Model>;
  users: number;
  /** Runs while nobody uses the model. */
  timer: Timer | null;
  /** Nobody new gets it. */
  isDropped: boolean;
  closed: Promise<void> | null;
}

export function createShelf<Model extends { close(): Promise<void> }>({
  clock,
  idleMs,
}: ShelfOptions): Shelf<Model> {
  const entries = new Map<string, Entry<Model>>();

  function entryOf(key: string, open: () => Promise<Model>): Entry<Model> {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry<Model> = { model: open(), users: 0, timer: null, isDropped: false, closed: null };
    entries.set(key, entry);
    // The next one tries again.
    entry.model.catch(() => forget(key, entry));
    return entry;
  }

  function forget(key: string, entry: Entry<Model>): void {
    entry.isDropped = true;
    entry.timer?.cancel();
    if (entries.get(key) === entry) entries.delete(key);
  }

  async function closeEntry(entry: Entry<Model>): Promise<void> {
    entry.closed ??= entry.model.then(
      (model) => model.close(),
      () => {},
    );
    await entry.closed;
  }

  async function dropEntry(key: string, entry: Entry<Model>): Promise<void> {
    forget(key, entry);
    if (entry.users === 0) await closeEntry(entry);
  }

  function release(key: string, entry: Entry<Model>): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (entry.isDropped) void closeEntry(entry).catch(() => {});
    else if (idleMs !== null)
      entry.timer = clock.timer(idleMs, () => void dropEntry(key, entry).catch(() => {}));
  }

  return {
    async use(key, open, work) {
      const entry = entryOf(key, open);
      entry.users += 1;
      entry.timer?.cancel();
      entry.timer = null;
      try {
        return await work(await entry.model);
      } finally {
        release(key, entry);
      }
    },
    keys: () => [...entries.keys()],
    async drop(key) {
      const entry = entries.get(key);
      if (entry !== undefined) await dropEntry(key, entry);
    },
    async close() {
      await Promise.all([...entries].map(([key, entry]) => dropEntry(key, entry)));
    },
  };
}
