import type { Clock, Random, Timer } from '../ports/time.ts';

/** Probes one node repeatedly, never twice at once. */
export interface Watch {
  /** Starts a probe now, or right after the one under way; resolves when that probe is done. */
  probeNow(): Promise<void>;
  /** Counts the wait again from now. */
  reschedule(): void;
  stop(): Promise<void>;
}

export interface WatchOptions {
  clock: Clock;
  random: Random;
  /** Must not reject: a failed probe is a result too. */
  probe: (signal: AbortSignal) => Promise<void>;
  /** Read after each probe. */
  nextProbeMs: () => number;
  firstDelayMs: number;
}

/** Share of a wait that is random, so that a thousand nodes are not probed in step. */
const JITTER = 0.1;

export function startWatch({ clock, random, probe, nextProbeMs, firstDelayMs }: WatchOptions): Watch {
  const controller = new AbortController();
  let timer: Timer | null = null;
  let current: Promise<void> | null = null;
  let following: Promise<void> | null = null;

  function schedule(ms: number): void {
    timer?.cancel();
    timer = controller.signal.aborted ? null : clock.timer(ms, () => void run());
  }

  function scheduleNext(): void {
    schedule(nextProbeMs() * (1 - JITTER / 2 + random() * JITTER));
  }

  function run(): Promise<void> {
    timer?.cancel();
    if (controller.signal.aborted) return Promise.resolve();
    current = probe(controller.signal).finally(() => {
      current = null;
      if (!following) scheduleNext();
    });
    return current;
  }

  schedule(firstDelayMs);

  return {
    probeNow() {
      if (!current) return run();
      // The probe under way may have begun before the change that the caller wants to see.
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
