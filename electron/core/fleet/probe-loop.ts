import type { Clock, Random, Timer } from '../ports/time.ts';

/** Probes one node repeatedly, one probe at a time. */
export interface Watch {
  /** Starts a probe now, or right after the one under way; resolves when that probe is done. */
  probeNow(): Promise<void>;
  /** Restarts the wait from now. */
  reschedule(): void;
  stop(): Promise<void>;
}

export interface WatchOptions {
  clock: Clock;
  random: Random;
  /** Must not reject; a failed probe is a result. */
  probe: (signal: AbortSignal) => Promise<void>;
  /** Read after each probe. */
  nextProbeMs: () => number;
  firstDelayMs: number;
}

/** Random share of a wait, so that a thousand nodes are not probed in step. */
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
      // The probe under way may have begun before the change the caller is interested in.
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
