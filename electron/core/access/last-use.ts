/** When each credential was last used: known at once, shown each minute, and saved rarely. */
import type { Clock, Timer } from '../ports/time.ts';

const SHOW_EVERY_MS = 60_000;
const SAVE_EVERY_MS = 10 * 60_000;

export interface LastUse {
  /** It is used now. */
  mark(id: string): void;
  /** When it was last used in this run; undefined if it was not. */
  at(id: string): number | undefined;
  forget(id: string): void;
  /** Saves all of it. */
  stop(): void;
}

export interface LastUseOptions {
  clock: Pick<Clock, 'now' | 'timer'>;
  show(ids: readonly string[]): void;
  /** May throw: what could not be saved is tried again later. */
  save(uses: ReadonlyMap<string, number>): void;
}

export function createLastUse({ clock, show, save }: LastUseOptions): LastUse {
  const uses = new Map<string, number>();
  const unshown = new Set<string>();
  const unsaved = new Set<string>();
  let savedAt = clock.now();
  let timer: Timer | null = null;

  function trySave(): void {
    try {
      save(new Map([...unsaved].map((id) => [id, uses.get(id) ?? clock.now()])));
      unsaved.clear();
    } catch {
      // A use is worth little: the next tick tries again.
    }
    savedAt = clock.now();
  }

  function tick(): void {
    timer = null;
    show([...unshown]);
    unshown.clear();
    // A clock that was set back must not stop the saving.
    if (unsaved.size > 0 && Math.abs(clock.now() - savedAt) >= SAVE_EVERY_MS) trySave();
    if (unsaved.size > 0) plan();
  }

  function plan(): void {
    timer ??= clock.timer(SHOW_EVERY_MS, tick);
  }

  return {
    mark(id) {
      uses.set(id, clock.now());
      unshown.add(id);
      unsaved.add(id);
      plan();
    },
    at: (id) => uses.get(id),
    forget(id) {
      uses.delete(id);
      unshown.delete(id);
      unsaved.delete(id);
    },
    stop() {
      timer?.cancel();
      timer = null;
      if (unsaved.size > 0) trySave();
    },
  };
}
