/** Restarts a worker that has to keep running, with growing intervals if it ends repeatedly. */
import type { Clock, Timer } from '../../core/ports/time.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that ran this long has recovered. */
const HEALTHY_MS = 60_000;

export interface Restarts {
  startLater(): void;
  onStarted(): void;
  /** Cancels the planned start. The interval stays the same. */
  cancel(): void;
}

export function createRestarts(options: {
  clock: Pick<Clock, 'timer'>;
  start(): void;
  onFailed(error: unknown): void;
}): Restarts {
  const { clock, start, onFailed } = options;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: Timer | null = null;

  function cancel(): void {
    timer?.cancel();
    timer = null;
  }

  function startLater(): void {
    cancel();
    timer = clock.timer(pauseMs, () => {
      try {
        start();
      } catch (error) {
        onFailed(error);
        startLater();
      }
    });
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  return {
    startLater,
    onStarted() {
      cancel();
      timer = clock.timer(HEALTHY_MS, () => {
        pauseMs = FIRST_PAUSE_MS;
      });
    },
    cancel,
  };
}
