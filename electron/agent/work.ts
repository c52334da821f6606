/** Work in progress on this machine: it keeps the machine awake like a lease, and for a moment longer. */
import type { Clock, Timer } from '../adapters/agent-host/types.ts';
import type { Reason } from './power/policy.ts';

export interface Work {
  /** Dispose it when it has ended. */
  begin(): Disposable;
  isActive(): boolean;
  /** Called when it begins, and when it has ended. */
  onChange(listener: () => void): void;
  stop(): void;
}

export const workReason: Reason = { code: 'WORKING', message: 'The runner or the worker is working.' };

/** The next request of a job follows at once; the lock is not given up in between. */
const LINGER_MS = 10_000;

export function createWork({ clock }: { clock: Pick<Clock, 'timer'> }): Work {
  const listeners: (() => void)[] = [];
  let running = 0;
  let timer: Timer | null = null;
  const tell = () => {
    for (const listener of listeners) listener();
  };

  function end(): void {
    running -= 1;
    if (running > 0) return;
    timer = clock.timer(LINGER_MS, () => {
      timer = null;
      tell();
    });
  }

  return {
    begin() {
      const isFirst = running === 0 && timer === null;
      timer?.cancel();
      timer = null;
      running += 1;
      if (isFirst) tell();
      let isOver = false;
      return {
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          end();
        },
      };
    },
    isActive: () => running > 0 || timer !== null,
    onChange: (listener) => void listeners.push(listener),
    stop: () => timer?.cancel(),
  };
}
