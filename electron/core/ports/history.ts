/** Stored telemetry and work, in buckets of wall time. */

/** Length of a stored bucket, seconds. */
export type BucketLength = 60 | 900;

/** The sum of a value over the seconds in which it was known. */
export interface Weighted {
  sum: number;
  seconds: number;
}

/** The stored totals of one node in one bucket. */
export interface BucketTotals {
  servingSeconds: number;
  vectors: number;
  /** The largest value reported. */
  vramTotalBytes: number | null;
  /** Byte-seconds. */
  vramUsed: Weighted;
  /** Percent-seconds of the mean over its GPUs. */
  utilisation: Weighted;
  utilisationMaxPercent: number | null;
  /** Joules of all GPUs together. */
  power: Weighted;
  temperatureMaxCelsius: number | null;
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
