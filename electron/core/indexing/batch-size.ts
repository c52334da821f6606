/** How many texts the next request to a node has. Pure. */

/** A request that takes longer makes a search wait too long behind it, milliseconds. */
const LONGEST_MS = 2000;

/**
 * As many as the node embeds in two seconds at its last pace: at least one, at most `most`, and at most twice as many as
 * the last time, because the pace of a small batch says little about a large one.
 */
export function nextBatchSize(last: { texts: number; tookMs: number }, most: number): number {
  const fitting = last.tookMs <= 0 ? most : Math.floor((last.texts * LONGEST_MS) / last.tookMs);
  return Math.max(1, Math.min(most, last.texts * 2, fitting));
}

/** Whether a second request behind this one would make a search wait noticeably longer. */
export const isSlowBatch = (tookMs: number): boolean => tookMs > LONGEST_MS / 2;
