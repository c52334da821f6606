/** Growing pauses between attempts, with jitter so that many workers do not come back in step. Pure. */
import type { Random } from '../../core/ports/time.ts';

export interface Backoff {
  /** The next pause, milliseconds. */
  next(): number;
  reset(): void;
}

export function createBackoff({
  firstMs,
  mostMs,
  random,
}: {
  firstMs: number;
  mostMs: number;
  random: Random;
}): Backoff {
  let ms = firstMs;
  return {
    next() {
      const pause = jittered(ms, random);
      ms = Math.min(mostMs, ms * 2);
      return pause;
    },
    reset() {
      ms = firstMs;
    },
  };
}

/** From half of it to one and a half. */
export const jittered = (ms: number, random: Random): number => ms * (0.5 + random());
