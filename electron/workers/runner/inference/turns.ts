/**
 * Runs take turns: a run blocks the process, and what was sent meanwhile waits here. Urgent ones go first, so the inputs
 * of the next run can be here already without delaying a query that comes later.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Turns {
  take<Value>(work: () => Promise<Value>, options?: { urgent?: boolean }): Promise<Value>;
}

/** @param pause lets messages be read that came during a run */
export function createTurns(pause: () => Promise<unknown> = () => nextTurn()): Turns {
  const urgent: (() => Promise<void>)[] = [];
  const others: (() => Promise<void>)[] = [];
  let isWorking = false;

  async function work(): Promise<void> {
    isWorking = true;
    for (;;) {
      await pause();
      const next = urgent.shift() ?? others.shift();
      if (next === undefined) break;
      await next();
    }
    isWorking = false;
  }

  return {
    take(run, { urgent: isUrgent = false } = {}) {
      return new Promise((resolve, reject) => {
        (isUrgent ? urgent : others).push(() => run().then(resolve, reject));
        if (!isWorking) void work();
      });
    },
  };
}
