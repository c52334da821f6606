/** Whoever wants to hear of something. One that is added or taken away while it is told changes nothing of that. */
export interface Listeners<Values extends unknown[]> {
  /** Returns how to stop. */
  add(listener: (...values: Values) => void): () => void;
  tell(...values: Values): void;
}

export function createListeners<Values extends unknown[]>(): Listeners<Values> {
  const listeners = new Set<(...values: Values) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(...values) {
      for (const listener of [...listeners]) listener(...values);
    },
  };
}
