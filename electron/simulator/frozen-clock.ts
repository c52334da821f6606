/** The time inside one machine: it stops while the machine sleeps, and can run faster. */
import type { SimulatorClock, SimulatorTimer } from './clock.ts';

export interface MachineClock extends SimulatorClock {
  freeze(): void;
  thaw(): void;
  /** Machine seconds per real second. */
  setPace(pace: number): void;
  /** Cancels every timer. */
  stop(): void;
}

interface Pending {
  /** When it fires, in machine time. */
  at: number;
  ring: () => void;
  outer: SimulatorTimer | null;
}

export function createMachineClock(clock: SimulatorClock): MachineClock {
  const pending = new Set<Pending>();
  let pace = 1;
  let frozen = false;
  /** Machine time at the last change of pace, and the outer time at that moment. */
  let base = clock.monotonic();
  let baseOuter = clock.monotonic();

  const monotonic = () => (frozen ? base : base + (clock.monotonic() - baseOuter) * pace);

  function arm(one: Pending): void {
    one.outer?.cancel();
    one.outer = frozen
      ? null
      : clock.timer(Math.max(0, one.at - monotonic()) / pace, () => {
          pending.delete(one);
          one.ring();
        });
  }

  function change(apply: () => void): void {
    base = monotonic();
    baseOuter = clock.monotonic();
    apply();
    for (const one of pending) arm(one);
  }

  function timer(ms: number, ring: () => void): SimulatorTimer {
    const one: Pending = { at: monotonic() + ms, ring, outer: null };
    pending.add(one);
    arm(one);
    return {
      cancel() {
        pending.delete(one);
        one.outer?.cancel();
      },
    };
  }

  return {
    now: clock.now,
    monotonic,
    timer,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const one = timer(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        const onAbort = () => {
          one.cancel();
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    freeze: () => {
      if (!frozen) change(() => (frozen = true));
    },
    thaw: () => {
      if (frozen) change(() => (frozen = false));
    },
    setPace: (next) => change(() => (pace = next)),
    stop() {
      for (const one of pending) one.outer?.cancel();
      pending.clear();
    },
  };
}
