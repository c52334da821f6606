import type { Clock, Random, Timer } from '../ports/time.ts';

/** Looks at one node again and again, never twice at once. */
export interface Watch {
  /** Starts a look now, or right after the one under way; resolves when that look is done. */
  lookNow(): Promise<void>;
  /** Counts the wait again from now. */
  reschedule(): void;
  stop(): Promise<void>;
}

export interface WatchOptions {
  clock: Clock;
  random: Random;
  /** Must not reject: what a look saw, good or bad, is its result. */
  look: (signal: AbortSignal) => Promise<void>;
  /** Read after each look. */
  nextLookMs: () => number;
  firstDelayMs: number;
}

/** Share of a wait that is random, so that a thousand nodes do not march in step. */
const JITTER = 0.1;

export function startWatch({ clock, random, look, nextLookMs, firstDelayMs }: WatchOptions): Watch {
  const controller = new AbortController();
  let timer: Timer | null = null;
  let current: Promise<void> | null = null;
  let following: Promise<void> | null = null;

  function schedule(ms: number): void {
    timer?.cancel();
    timer = controller.signal.aborted ? null : clock.timer(ms, () => void run());
  }

  function scheduleNext(): void {
    schedule(nextLookMs() * (1 - JITTER / 2 + random() * JITTER));
  }

  function run(): Promise<void> {
    timer?.cancel();
    if (controller.signal.aborted) return Promise.resolve();
    current = look(controller.signal).finally(() => {
      current = null;
      if (!following) scheduleNext();
    });
    return current;
  }

  schedule(firstDelayMs);

  return {
    lookNow() {
      if (!current) return run();
      // The look under way may have seen the world before what the caller did to it.
      following ??= current.then(() => {
        following = null;
        return run();
      });
      return following;
    },
    reschedule() {
      if (!current) scheduleNext();
    },
    async stop() {
      controller.abort(new DOMException('The watch was stopped.', 'AbortError'));
      timer?.cancel();
      await current;
    },
  };
}
