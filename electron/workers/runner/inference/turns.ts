/**
 * What runs next. A run blocks the process, and what was sent meanwhile waits here. Urgent ones go first, so the inputs of
 * the next run can be here already without delaying a query that comes later. Work that has company may happen beside
 * the process's own thread; while something urgent waits, none of it begins.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Beside<Value> {
  /**
   * Where it can happen now. `own`: on the process's own thread only. `wait`: not before other work of its kind has
   * ended.
   */
  place(): 'own' | 'beside' | 'wait';
  work(): Promise<Value>;
}

export interface Turns {
  take<Value>(
    work: () => Promise<Value>,
    options?: { urgent?: boolean; beside?: Beside<Value> | null },
  ): Promise<Value>;
}

interface Turn {
  own(): Promise<void>;
  beside: { place: Beside<unknown>['place']; work(): Promise<void> } | null;
}

/** @param pause lets messages be read that came during a run */
export function createTurns(pause: () => Promise<unknown> = () => nextTurn()): Turns {
  const urgent: Turn[] = [];
  const others: Turn[] = [];
  let isWorking = false;
  let besides = 0;

  /** Begins what comes next; resolves when the process's own thread is free again. null if nothing can begin. */
  function begin(): Promise<void> | null {
    const query = urgent.shift();
    if (query !== undefined) return query.own();
    const [first] = others;
    if (first === undefined) return null;
    // Alone, it is faster with all threads.
    const isAlone = besides === 0 && others.length === 1;
    const place = first.beside === null || isAlone ? 'own' : first.beside.place();
    if (place === 'wait') return null;
    others.shift();
    if (place === 'own' || first.beside === null) return first.own();
    besides += 1;
    void first.beside.work().finally(() => {
      besides -= 1;
      work();
    });
    return Promise.resolve();
  }

  async function takeAll(): Promise<void> {
    isWorking = true;
    for (;;) {
      await pause();
      const begun = begin();
      if (begun === null) break;
      await begun;
    }
    isWorking = false;
  }

  function work(): void {
    if (!isWorking) void takeAll();
  }

  return {
    take(run, { urgent: isUrgent = false, beside = null } = {}) {
      return new Promise((resolve, reject) => {
        const settled = (one: () => ReturnType<typeof run>) => () => one().then(resolve, reject);
        (isUrgent ? urgent : others).push({
          own: settled(run),
          beside: beside === null ? null : { place: beside.place, work: settled(beside.work) },
        });
        work();
      });
    },
  };
}
