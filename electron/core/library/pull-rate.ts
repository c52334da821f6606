/** How fast a download is. Pure. */

export interface Mark {
  /** Milliseconds of a clock that never goes back. */
  at: number;
  bytes: number;
}

/** A shorter time says little. */
const SHORTEST_MS = 1000;
const WINDOW_MS = 10_000;
const BETWEEN_MARKS_MS = 500;

/**
 * Adds what has arrived by now. Fewer bytes than before, as after a lost connection, begin again: else the rate would be
 * negative.
 */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const last = marks.at(-1);
  if (last === undefined || mark.bytes < last.bytes) return [mark];
  if (mark.at - last.at < BETWEEN_MARKS_MS) return marks;
  // One older than the window stays, so that the window is full.
  const from = marks.findLastIndex(({ at }) => mark.at - at >= WINDOW_MS);
  return [...marks.slice(Math.max(0, from)), mark];
}

/** Bytes a second over the last ten seconds; null until there is a second of them. */
export function rateOf(marks: readonly Mark[]): number | null {
  const [first] = marks;
  const last = marks.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < SHORTEST_MS) return null;
  return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
}
