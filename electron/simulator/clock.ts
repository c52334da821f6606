/**
 * The simulator's clock. It has the shape of core's Clock, so that a test can pass the same fake clock to both, but is
 * declared here because the simulator may not import from core.
 */
export interface SimulatorTimer {
  cancel(): void;
}

export interface SimulatorClock {
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic time, milliseconds from an arbitrary start. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason if it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`. */
  timer(ms: number, fn: () => void): SimulatorTimer;
}

/** The longest delay of the system's timers, milliseconds; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real time, for the simulator as its own process. */
export function createSystemClock(): SimulatorClock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const onAbort = () => {
          clearTimeout(handle);
          reject(signal?.reason);
        };
        const handle = setTimeout(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        }, ms);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    timer: (ms, fn) => {
      const handle = setTimeout(fn, ms);
      handle.unref();
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

/** A timer for any delay, even `Infinity`, which the system's timers do not accept. */
export function longTimer(clock: SimulatorClock, ms: number, fn: () => void): SimulatorTimer {
  const end = clock.monotonic() + ms;
  let timer: SimulatorTimer;
  const arm = () => {
    const left = end - clock.monotonic();
    timer = clock.timer(Math.min(left, LONGEST_TIMER_MS), left > LONGEST_TIMER_MS ? arm : fn);
  };
  if (ms === Number.POSITIVE_INFINITY) return { cancel: () => {} };
  arm();
  return { cancel: () => timer.cancel() };
}
