/** Whether it was Pilotlight that woke a node, in the run that it is in. */
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Clock } from '../ports/time.ts';

export interface WokenBook {
  /** We woke it, a moment ago. */
  woke(nodeId: string): void;
  /** Its agent remembers it from now on, for that run. */
  confirmed(nodeId: string, bootId: string): void;
  /** The run is over. */
  over(nodeId: string): void;
  /**
   * null where a core before this one woke it, or this computer slept long: whether the run is still the same cannot
   * be told from here, unless its agent says what run it is.
   */
  byUs(nodeId: string, bootId: string | null): boolean | null;
  /** A wake that its agent has not been told of, and is still worth telling. */
  untold(nodeId: string): boolean;
  /** This computer slept, and saw nothing meanwhile. */
  doubt(): void;
}

/** A machine that comes up later than this after its wake may have been started by a person. */
const WORTH_TELLING_MS = 15 * 60_000;

type Kept = { at: number; bootId: string | null } | null;

export function createWokenBook({
  clock,
  log,
  store,
}: {
  clock: Pick<Clock, 'now'>;
  log: Log;
  store: Pick<PowerStore, 'woken' | 'setWoken'>;
}): WokenBook {
  /** Those whose whole run this core has seen. */
  const watched = new Set<string>();
  const untold = new Map<string, number>();
  /** As the store has it: it is asked for often. */
  const kept = new Map<string, Kept>();

  function read(nodeId: string): Kept {
    const known = kept.get(nodeId);
    if (known !== undefined) return known;
    const woken = store.woken(nodeId);
    kept.set(nodeId, woken);
    return woken;
  }

  function keep(nodeId: string, woken: Kept): void {
    kept.set(nodeId, woken);
    try {
      store.setWoken(nodeId, woken);
    } catch (error) {
      log.warn('Who woke a machine could not be written down.', { nodeId, error: String(error) });
    }
  }

  return {
    woke(nodeId) {
      watched.add(nodeId);
      untold.set(nodeId, clock.now());
      keep(nodeId, { at: clock.now(), bootId: null });
    },
    confirmed(nodeId, bootId) {
      untold.delete(nodeId);
      const known = read(nodeId);
      if (known) keep(nodeId, { ...known, bootId });
    },
    over(nodeId) {
      watched.delete(nodeId);
      untold.delete(nodeId);
      if (read(nodeId)) keep(nodeId, null);
    },
    byUs(nodeId, bootId) {
      if (watched.has(nodeId)) return true;
      const known = read(nodeId);
      if (!known) return false;
      if (known.bootId !== null && bootId !== null) return known.bootId === bootId;
      return null;
    },
    untold(nodeId) {
      const at = untold.get(nodeId);
      return at !== undefined && clock.now() - at < WORTH_TELLING_MS;
    },
    doubt: () => watched.clear(),
  };
}
