/** Watches the memory of the inference process: a large run leaves much of it behind, and a leak would take it all. */
import type { Clock, Timer } from '../../../core/ports/time.ts';

export interface MemoryLimits {
  /** How long nothing must run before memory is given back, milliseconds. */
  idleMs: number;
  /** What it may have more than after its smallest run. */
  slackBytes: number;
  /** With more than this it is started again even between two runs. */
  growthBytes: number;
}

export interface MemoryWatch {
  /** The memory of the process after a run, bytes. */
  seen(rss: number): void;
  /** Another process took over. */
  forget(): void;
  stop(): void;
}

export function createMemoryWatch(options: {
  limits: MemoryLimits;
  clock: Pick<Clock, 'timer'>;
  isBusy(): boolean;
  restart(why: string): void;
}): MemoryWatch {
  const { limits, clock, isBusy, restart } = options;
  let smallest = Number.POSITIVE_INFINITY;
  let last = 0;
  let idle: Timer | null = null;

  function forget(): void {
    idle?.cancel();
    idle = null;
    smallest = Number.POSITIVE_INFINITY;
    last = 0;
  }

  return {
    seen(rss) {
      last = rss;
      smallest = Math.min(smallest, rss);
      if (rss - smallest > limits.growthBytes) {
        restart('It has grown too much.');
        return;
      }
      idle?.cancel();
      idle = clock.timer(limits.idleMs, () => {
        idle = null;
        if (!isBusy() && last - smallest > limits.slackBytes)
          restart('It keeps memory that it does not need.');
      });
    },
    forget,
    stop: forget,
  };
}
