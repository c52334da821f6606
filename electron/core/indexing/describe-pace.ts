/**
 * How fast models are described. Each description is parsed on the core's thread, and a server may list thousands of
 * models, each with a large one. Pure.
 */

/** The models of a usual fleet are described at once. */
export const DESCRIBED_AT_ONCE = 64;
/** After that, one in this time, milliseconds. */
export const DESCRIBE_EVERY_MS = 250;

export interface DescribePace {
  /** Takes a turn; otherwise, the time until the next one, milliseconds. */
  take(nowMs: number): 'now' | number;
}

export function createDescribePace(): DescribePace {
  let turns = DESCRIBED_AT_ONCE;
  let countedAt: number | null = null;
  return {
    take(now) {
      turns = Math.min(DESCRIBED_AT_ONCE, turns + (now - (countedAt ?? now)) / DESCRIBE_EVERY_MS);
      countedAt = now;
      if (turns < 1) return Math.ceil((1 - turns) * DESCRIBE_EVERY_MS);
      turns -= 1;
      return 'now';
    },
  };
}
