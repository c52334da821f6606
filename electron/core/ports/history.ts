/** Telemetry and work that are kept, in buckets of wall time. */

/** Seconds that a kept bucket spans. */
export type BucketLength = 60 | 900;

/** A value added up over the seconds in which it was known. */
export interface Weighted {
  sum: number;
  seconds: number;
}

/** What is kept of one node in one bucket. */
export interface BucketTotals {
  servingSeconds: number;
  vectors: number;
  /** The largest that was told. */
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
  /** Wall time of its first moment, a whole multiple of its length since the epoch. Milliseconds. */
  start: number;
  totals: BucketTotals;
}
