/** The computer's own clock, in its own file because the agent carries no log library. */
import type { Clock } from '../core/ports/time.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The real clock. Its timers never keep the process alive on their own. A sleep does: a program that awaits one still
 * has work to do, and Node would end it in the middle.
 */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          clearTimeout(timeout);
          reject(signal?.reason);
        };
        const timeout = setTimeout(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        }, ms);
        signal?.addEventListener('abort', stop, { once: true });
      });
    },
    timer(ms, fn) {
      // A longer one would fire at once.
      const timeout = setTimeout(fn, Math.min(ms, LONGEST_TIMER_MS));
      timeout.unref();
      return { cancel: () => clearTimeout(timeout) };
    },
  };
}
