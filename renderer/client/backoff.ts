/**
 * How long to wait before the n-th attempt (0-based), milliseconds: doubling from 250 ms to 10 s, a random
 * half of it taken away so that many tabs do not come back at once.
 */
export function reconnectDelay(attempt: number, random: () => number): number {
  const full = Math.min(10_000, 250 * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random());
}
