/**
 * Delay before the n-th attempt (0-based) in milliseconds: doubles from 250 ms to 10 s, minus up to half at random, so
 * that many tabs do not reconnect at once.
 */
export function reconnectDelay(attempt: number, random: () => number): number {
  const full = Math.min(10_000, 250 * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random());
}
