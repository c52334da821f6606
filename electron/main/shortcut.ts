import type { GlobalShortcut } from 'electron';

export interface Shortcut {
  /** Takes another combination of keys, or none. False where the system gives it to nobody, or to another program. */
  set(accelerator: string | null): boolean;
}

/** One combination of keys that works in every program. */
export function createShortcut(options: {
  globalShortcut: Pick<GlobalShortcut, 'register' | 'unregister'>;
  onPressed(): void;
}): Shortcut {
  const { globalShortcut, onPressed } = options;
  let current: string | null = null;

  function register(accelerator: string): boolean {
    try {
      return globalShortcut.register(accelerator, onPressed);
    } catch {
      return false;
    }
  }

  return {
    set(accelerator) {
      if (accelerator === current) return true;
      if (current !== null) globalShortcut.unregister(current);
      current = accelerator !== null && register(accelerator) ? accelerator : null;
      return current === accelerator;
    },
  };
}
