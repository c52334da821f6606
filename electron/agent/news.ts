/** "Something about power has changed here": from the roles that change it to those who tell it to panels. */
export interface News {
  tell(): void;
  /** Returns how to stop. */
  on(listener: () => void): () => void;
}

export function createNews(): News {
  const listeners = new Set<() => void>();
  return {
    tell() {
      for (const listener of listeners) listener();
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
