/** Stored telemetry and work, in buckets of wall time. */

/** Length of a stored bucket, seconds. */
export type BucketLength = 60 | 900;

/** The sum of a value over the seconds in which it was known. */
export interface Weighted {
  sum: number;
  seconds: number;
}

/** The lowest and the highest value; null if none was known. */
export interface Bounds {
  min: number | null;
  max: number | null;
}

/** The stored totals of one node in one bucket. */
export interface BucketTotals {
  servingSeconds: number;
  vectors: number;
  /** The largest value reported. */
  vramTotalBytes: number | null;
  /** Byte-seconds. */
  vramUsed: Weighted;
  vramUsedBounds: Bounds;
  /** Percent-seconds of the mean over its GPUs. */
  utilisation: Weighted;
  utilisationBounds: Bounds;
  /** Joules of all GPUs together. */
  power: Weighted;
  powerBounds: Bounds;
  /** Degree-seconds of the warmest GPU. */
  temperature: Weighted;
  temperatureBounds: Bounds;
  /** Byte-seconds of VRAM by model; a model on the CPU is left out. */
  models: ReadonlyMap<string, number>;
}

export interface BucketRow {
  nodeId: string;
  seconds: BucketLength;
  /** Start in wall time, milliseconds since the epoch; a multiple of the length. */
  start: number;
  totals: BucketTotals;
}

/** How much of one kind waited in one bucket. */
export interface QueueTotals {
  kind: string;
  /** The time in which it was known, and what waited times that. */
  waiting: Weighted;
  most: number;
}

export interface QueueTotalsBucket {
  seconds: BucketLength;
  /** Start in wall time, milliseconds since the epoch; a multiple of the length. */
  start: number;
  rows: readonly QueueTotals[];
}
