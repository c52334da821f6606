/** Work that shares a key runs one after the other, in the order in which it was asked for. */
export interface Turns {
  /** Settles as the work does; work that fails does not stop what comes after it. */
  take<Result>(key: string, work: () => Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    take(key, work) {
      const before = last.get(key) ?? Promise.resolve();
      const turn = before.then(work);
      const over = turn
        .then(
          () => {},
          () => {},
        )
        .finally(() => {
          if (last.get(key) === over) last.delete(key);
        });
      last.set(key, over);
      return turn;
    },
  };
}
