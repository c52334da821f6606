/** How long a run may take, learned from the runs before it. Pure. */

export interface DeadlineOptions {
  /** Never less, milliseconds: the machine may be busy with something else. */
  minimumMs: number;
  /** Of the first run, which compiles. */
  firstMs: number;
}

/** So many times the expected time is a hung run, not a slow one. */
const PATIENCE = 20;
const WEIGHT = 0.2;

export interface Deadline {
  /** @param size what the time depends on, such as padded tokens */
  ms(size: number): number;
  learn(size: number, ms: number): void;
}

export function createDeadline({ minimumMs, firstMs }: DeadlineOptions): Deadline {
  let perUnit: number | null = null;
  return {
    ms: (size) => (perUnit === null ? firstMs : Math.max(minimumMs, perUnit * size * PATIENCE)),
    learn(size, ms) {
      const measured = ms / Math.max(1, size);
      perUnit = perUnit === null ? measured : perUnit + WEIGHT * (measured - perUnit);
    },
  };
}
