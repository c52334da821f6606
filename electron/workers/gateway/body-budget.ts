/** The memory for bodies that wait or may be sent again. Pure. */

export interface BodyBudget {
  /** Whether these bytes may be kept, too; they count until they are given back. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  readonly usedBytes: number;
}

export function createBodyBudget(limitBytes: () => number): BodyBudget {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > limitBytes()) return false;
      used += bytes;
      return true;
    },
    give(bytes) {
      used -= bytes;
    },
    get usedBytes() {
      return used;
    },
  };
}
