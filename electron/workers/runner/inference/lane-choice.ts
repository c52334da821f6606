/** How the processor is shared by runs that happen at the same time. Pure. */

export interface LaneChoice {
  /** Runs at the same time; 1 if it is not worth it. */
  count: number;
  /** Of each of them. */
  threads: number;
}

/** Each lane has the weights of its own: more would cost more memory than they gain. */
const MOST_LANES = 4;

/**
 * Threads of one run wait for each other at each step, threads of different runs never.
 * @param cores that a run would use alone
 */
export function laneChoice(cores: number): LaneChoice {
  const count = Math.max(1, Math.min(MOST_LANES, Math.floor(cores)));
  return { count, threads: Math.max(1, Math.floor(cores / count)) };
}

const MOST_BYTES = 512 * 1024 ** 2;
/** Of the machine's memory. */
const MOST_SHARE = 1 / 16;

/** Whether every lane may have the graph. @param bytes what it takes when it is open */
export function fitsLanes(bytes: number, { count }: LaneChoice, totalBytes: number): boolean {
  return count > 1 && bytes * count <= Math.min(MOST_BYTES, totalBytes * MOST_SHARE);
}
