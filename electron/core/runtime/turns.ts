/** Runs work with the same key one after the other, in order. */
export interface Turns {
  /** Settles with the work; a failure does not stop later work. */
  take<Result>(key: string, work: () => Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    take(key, work) {
      const before = last.get(key) ?? Promise.resolve();
      const turn = before.then(work);
      const settled = turn
        .then(
          () => {},
          () => {},
        )
        .finally(() => {
          if (last.get(key) === settled) last.delete(key);
        });
      last.set(key, settled);
      return turn;
    },
  };
}
