/** Time, randomness and ids, so that tests can control them. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number;
  /** Time that never jumps, milliseconds from an arbitrary start. Measure durations with it. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. Keeps the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`. A pending timer never keeps the process alive. */
  timer(ms: number, fn: () => void): Timer;
}

/** Randomness, so that jitter and ids are repeatable in tests. Returns a number in [0, 1). */
export type Random = () => number;

export interface Ids {
  /** A short unique id with a readable prefix, for example `job_3f9a…`. */
  next(prefix: string): string;
}
