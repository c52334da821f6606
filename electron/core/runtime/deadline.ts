/** A deadline that is suspended while this computer sleeps. */
import type { Clock, Timer } from '../ports/time.ts';

export interface Deadline {
  /** Suspends it. */
  pause(): void;
  /** Continues with at least `leastMs` left. Returns how long is left, milliseconds. */
  resume(leastMs: number): number;
  cancel(): void;
}

export function createDeadline(
  clock: Pick<Clock, 'timer' | 'monotonic'>,
  ms: number,
  onDue: () => void,
): Deadline {
  let leftMs = ms;
  let startedAt = clock.monotonic();
  let timer: Timer | null = clock.timer(ms, onDue);
  let ended = false;

  return {
    pause() {
      if (timer === null) return;
      timer.cancel();
      timer = null;
      leftMs = Math.max(0, leftMs - (clock.monotonic() - startedAt));
    },
    resume(leastMs) {
      if (ended || timer !== null) return Math.max(0, leftMs - (clock.monotonic() - startedAt));
      leftMs = Math.max(leftMs, leastMs);
      startedAt = clock.monotonic();
      timer = clock.timer(leftMs, onDue);
      return leftMs;
    },
    cancel() {
      ended = true;
      timer?.cancel();
      timer = null;
    },
  };
}
