/** Notices programs that ask again at once instead of waiting as they were told. Pure state. */
import type { Clock } from '../../core/ports/time.ts';

export interface RetryLoops {
  /** A request arrives. Seconds until it may be tried; 0 if it may now. `isNew`: the program was not kept back before. */
  arrived(who: string): { retryAfter: number; isNew: boolean; requests: number };
  /** It was refused, and told when to try again. */
  refused(who: string, retryAfterSeconds: number): void;
  /** Whether no program was told to wait: then there is nothing to find out about one. */
  readonly isEmpty: boolean;
  /** It was served. */
  served(who: string): void;
}

/** So many come too early before their program is kept back. */
const MOST_EARLY = 20;
const MOST_KNOWN = 10_000;

export function createRetryLoops(clock: Pick<Clock, 'monotonic'>): RetryLoops {
  const known = new Map<string, { until: number; early: number }>();
  return {
    arrived(who) {
      const entry = known.get(who);
      const leftMs = entry === undefined ? 0 : entry.until - clock.monotonic();
      if (entry === undefined || leftMs <= 0) {
        known.delete(who);
        return { retryAfter: 0, isNew: false, requests: 0 };
      }
      entry.early += 1;
      const { early: requests } = entry;
      if (requests <= MOST_EARLY) return { retryAfter: 0, isNew: false, requests };
      return { retryAfter: Math.ceil(leftMs / 1000), isNew: requests === MOST_EARLY + 1, requests };
    },
    refused(who, seconds) {
      const entry = known.get(who) ?? { until: 0, early: 0 };
      entry.until = Math.max(entry.until, clock.monotonic() + seconds * 1000);
      known.delete(who);
      known.set(who, entry);
      const oldest = known.size > MOST_KNOWN ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
    },
    get isEmpty() {
      return known.size === 0;
    },
    served: (who) => void known.delete(who),
  };
}
