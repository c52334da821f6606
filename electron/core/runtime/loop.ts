import type { Clock, Random, Timer } from '../ports/time.ts';

export interface Loop {
  /** Runs now, or joins the run under way; resolves when it is done. */
  runNow(): Promise<void>;
  /** Restarts the wait from now, with the current interval. */
  reschedule(): void;
  /** Aborts the run under way and waits for it. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  clock: Clock;
  random: Random;
  /** Milliseconds between the end of one run and the start of the next; read before each wait. */
  intervalMs: () => number;
  /** A rejection counts as a failure and lengthens the wait; it never ends the loop. */
  run: (signal: AbortSignal) => Promise<void>;
  onError?: (error: unknown) => void;
  /** Share of the interval that is random, 0 to 1. Default 0.1, so that many loops do not run in step. */
  jitter?: number;
  /** The wait after repeated failures doubles up to this. Default 5 minutes. */
  maxBackoffMs?: number;
  /** Wait before the first run. Default 0. */
  firstDelayMs?: number;
}

/** A loop that never overlaps itself, backs off with jitter and can be driven by a fake clock. */
export function startLoop(options: LoopOptions): Loop {
  const { clock, random, intervalMs, run, onError, jitter = 0.1, maxBackoffMs = 300_000 } = options;
  const controller = new AbortController();
  let timer: Timer | null = null;
  let current: Promise<void> | null = null;
  let failures = 0;

  function schedule(baseMs: number): void {
    timer?.cancel();
    if (controller.signal.aborted) return;
    timer = clock.timer(baseMs, () => void execute());
  }

  function nextWait(): number {
    const base = intervalMs();
    const backedOff =
      failures === 0 ? base : Math.min(Math.max(maxBackoffMs, base), base * 2 ** Math.min(failures, 16));
    return backedOff * (1 - jitter / 2 + random() * jitter);
  }

  function execute(): Promise<void> {
    if (current) return current;
    if (controller.signal.aborted) return Promise.resolve();
    timer?.cancel();
    current = run(controller.signal)
      .then(
        () => {
          failures = 0;
        },
        (error) => {
          failures += 1;
          if (!controller.signal.aborted) onError?.(error);
        },
      )
      .finally(() => {
        current = null;
        schedule(nextWait());
      });
    return current;
  }

  schedule(options.firstDelayMs ?? 0);

  return {
    runNow: execute,
    reschedule() {
      if (!current) schedule(nextWait());
    },
    async stop() {
      controller.abort(new DOMException('The loop was stopped.', 'AbortError'));
      timer?.cancel();
      await current;
    },
  };
}
