/** Rates and remaining time. Pure: every moment is handed in, milliseconds of a clock that never jumps. */

export interface RateMeter {
  add(atMs: number, count: number): void;
  /** Per second over the last few seconds; 0 when nothing happened in them. */
  perSecond(nowMs: number): number;
}

/** Counts in a sliding window. A window that has only begun is taken as long as it is, at least one second. */
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
      if (firstAt === null) return 0;
      const since = nowMs - windowMs;
      let sum = 0;
      for (const mark of marks) if (mark.at > since) sum += mark.count;
      const seconds = Math.max(1000, Math.min(windowMs, nowMs - firstAt)) / 1000;
      return Math.round((sum / seconds) * 10) / 10;
    },
  };
}

export interface Eta {
  /** `done` units are finished at this moment; units are bytes, files, whatever `remaining` counts too. */
  update(atMs: number, done: number): void;
  /** Time spent waiting says nothing about speed: measuring starts again at the next update. */
  pause(): void;
  /** Other machines do the work from now on: what was measured says nothing any more. */
  restart(): void;
  /** Milliseconds, or null while the rate is not known. */
  remainingMs(remaining: number): number | null;
}

/** Time left from a rate that follows changes slowly: each `halfLifeMs` what was before counts half. */
export function createEta(halfLifeMs = 15_000): Eta {
  let lastAt: number | null = null;
  let lastDone = 0;
  let ratePerMs: number | null = null;
  let measuredMs = 0;
  return {
    update(atMs, done) {
      if (lastAt === null) {
        lastAt = atMs;
        lastDone = done;
        return;
      }
      const elapsed = atMs - lastAt;
      if (elapsed < 250) return;
      const rate = (done - lastDone) / elapsed;
      const keep = 0.5 ** (elapsed / halfLifeMs);
      ratePerMs = ratePerMs === null ? rate : ratePerMs * keep + rate * (1 - keep);
      measuredMs += elapsed;
      lastAt = atMs;
      lastDone = done;
    },
    pause() {
      lastAt = null;
    },
    restart() {
      lastAt = null;
      ratePerMs = null;
      measuredMs = 0;
    },
    remainingMs(remaining) {
      if (remaining <= 0) return 0;
      if (ratePerMs === null || ratePerMs <= 0 || measuredMs < 1000) return null;
      return Math.round(remaining / ratePerMs);
    },
  };
}
