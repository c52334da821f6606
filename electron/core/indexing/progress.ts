/** Rates and remaining time. Pure: every moment is passed in, milliseconds of a monotonic clock. */

export interface RateMeter {
  add(atMs: number, count: number): void;
  /** Per second, recently; 0 if nothing happens any more. */
  perSecond(nowMs: number): number;
}

/** How far apart batches may be before a second one shows it. */
const SLOW_BATCH_MS = 15_000;

/**
 * Counts in a sliding window. A window that has just begun counts with its actual length, at least one second. Where
 * batches are further apart than the window, it reaches back to the last but one.
 */
export function createRateMeter(windowMs = 5000): RateMeter {
  let marks: { at: number; count: number }[] = [];
  let firstAt: number | null = null;
  return {
    add(atMs, count) {
      firstAt ??= atMs;
      const last = marks.at(-1);
      if (last && atMs - last.at < windowMs / 50) last.count += count;
      else marks.push({ at: atMs, count });
      if (marks.length > 120) marks = marks.filter((mark) => mark.at > atMs - windowMs);
    },
    perSecond(nowMs) {
      const [previous, last] = [marks.at(-2), marks.at(-1)];
      if (firstAt === null || last === undefined) return 0;
      const intervalMs = previous === undefined ? SLOW_BATCH_MS : last.at - previous.at;
      if (nowMs - last.at > Math.max(windowMs, 2 * intervalMs)) return 0;
      // Without a second batch the first one counts from its arrival.
      const since = Math.min(nowMs - windowMs, previous?.at ?? last.at - 1);
      let sum = 0;
      for (const mark of marks) if (mark.at > since) sum += mark.count;
      const seconds = Math.max(1000, nowMs - Math.max(since, firstAt)) / 1000;
      return Math.round((sum / seconds) * 10) / 10;
    },
  };
}

export interface Eta {
  /** `done` units are finished at this moment; units are bytes, files, whatever `remaining` counts. */
  update(atMs: number, done: number): void;
  /** Time spent waiting does not count. */
  pause(): void;
  /** Other machines do the work from now on, so earlier measurements no longer apply. */
  restart(): void;
  /** Milliseconds; null while there is no recent rate. */
  remainingMs(remaining: number): number | null;
}

/** Shorter measurements are too inaccurate. */
const MEASURED_MS = 2000;
const MARK_EVERY_MS = 500;

/**
 * The remaining time at the rate of the last minute. It begins to measure when the first unit is finished, because
 * until then a model may be loading, and it has no answer if nothing was finished within the window.
 */
export function createEta(windowMs = 60_000): Eta {
  /** Time spent working so far. */
  let workedMs = 0;
  let lastAt: number | null = null;
  let lastDone: number | null = null;
  let marks: { at: number; done: number }[] = [];

  function restart(): void {
    lastAt = null;
    lastDone = null;
    marks = [];
  }

  return {
    update(atMs, done) {
      // It was counted again, or a file failed to be stored: that says nothing about speed.
      const undone = lastDone === null ? 0 : Math.max(0, lastDone - done);
      if (undone > 0) for (const mark of marks) mark.done -= undone;
      if (lastAt !== null) workedMs += atMs - lastAt;
      lastAt = atMs;
      if (lastDone !== null && done > lastDone) {
        const last = marks.at(-1);
        const isOften = last !== undefined && marks.length > 1 && workedMs - last.at < MARK_EVERY_MS;
        if (isOften) last.done = done;
        else marks.push({ at: workedMs, done });
        // One mark before the window stays, so that a slow rate is known until the window is over.
        while ((marks[1]?.at ?? Number.POSITIVE_INFINITY) <= workedMs - windowMs) marks.shift();
      }
      lastDone = done;
    },
    pause() {
      lastAt = null;
    },
    restart,
    remainingMs(remaining) {
      if (remaining <= 0) return 0;
      const [first, last] = [marks[0], marks.at(-1)];
      if (first === undefined || last === undefined || last.at <= workedMs - windowMs) return null;
      const measuredMs = workedMs - first.at;
      const done = last.done - first.done;
      if (measuredMs < MEASURED_MS || done <= 0) return null;
      return Math.round((remaining / done) * measuredMs);
    },
  };
}
