/** How long a failed task waits for its next attempt. Pure. */

const FIRST_MS = 5000;
const LONGEST_MS = 300_000;

/** @param attempt the one that failed, 1 for the first @param random 0 to 1, so that many do not come back at once */
export function retryDelayMs(attempt: number, random: number): number {
  const doubled = FIRST_MS * 2 ** Math.min(20, Math.max(0, attempt - 1));
  return Math.round(Math.min(LONGEST_MS, doubled) * (0.8 + 0.4 * random));
}
