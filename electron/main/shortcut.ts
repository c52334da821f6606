import type { GlobalShortcut } from 'electron';

export interface Shortcut {
  /** Changes the key combination; null for none. False if the system or another program has it. */
  set(accelerator: string | null): boolean;
}

/** One key combination that works in every program. */
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
