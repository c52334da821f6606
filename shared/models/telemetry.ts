import * as z from 'zod';

/** One GPU as it is built in: what does not change from one reading to the next. `null` where it is not known. */
export const gpuCardSchema = z.object({
  id: z.string(),
  vendor: z.enum(['nvidia', 'amd', 'intel', 'apple', 'unknown']),
  name: z.string(),
  vramTotalBytes: z.number().nullable(),
  /** A processor's own graphics: its memory is part of the computer's. Left out for a card. */
  integrated: z.literal(true).optional(),
});
export type GpuCard = z.infer<typeof gpuCardSchema>;

/** One GPU at one moment. `null` where the driver or tool does not say. Bytes, percent, °C, watts. */
export const gpuReadingSchema = gpuCardSchema.extend({
  vramUsedBytes: z.number().nullable(),
  utilisationPercent: z.number().nullable(),
  temperatureCelsius: z.number().nullable(),
  powerWatts: z.number().nullable(),
  /** Who holds its VRAM, the largest first and not all; left out where no agent tells it. Not kept over time. */
  processes: z.array(z.object({ name: z.string(), vramUsedBytes: z.number().nullable() })).optional(),
});
export type GpuReading = z.infer<typeof gpuReadingSchema>;

export const hostReadingSchema = z.object({
  cpuPercent: z.number().nullable(),
  memoryTotalBytes: z.number(),
  memoryUsedBytes: z.number(),
});
export type HostReading = z.infer<typeof hostReadingSchema>;

/** One point of a node's history: VRAM by model name, in bytes, as the server reports it. */
export const telemetrySampleSchema = z.object({
  nodeId: z.string(),
  at: z.number(),
  gpus: z.array(gpuReadingSchema),
  host: hostReadingSchema.nullable(),
  vramByModel: z.record(z.string(), z.number()),
});
export type TelemetrySample = z.infer<typeof telemetrySampleSchema>;

/** Work done in one bucket: vectors embedded by node id, tasks waiting. */
export const workSampleSchema = z.object({
  at: z.number(),
  vectorsPerSecondByNode: z.record(z.string(), z.number()),
});
export type WorkSample = z.infer<typeof workSampleSchema>;

/** `hour` and `day` come in minutes, `month` (30 days) in quarters of an hour. */
export const historyRangeSchema = z.enum(['hour', 'day', 'month']);
export type HistoryRange = z.infer<typeof historyRangeSchema>;

/**
 * What is kept of a node for longer, by wall time: all its GPUs together. A bucket in which it neither served
 * nor embedded is not there. Means count only the time in which the value was known; `null` where it never was.
 */
export const nodeBucketSchema = z.object({
  /** Its first moment. */
  at: z.number(),
  /** The time it spans. */
  seconds: z.number(),
  /** How much of it the node served (was awake). */
  servingSeconds: z.number(),
  vectors: z.number(),
  vramTotalBytes: z.number().nullable(),
  /** Mean. */
  vramUsedBytes: z.number().nullable(),
  /** Mean over its GPUs and the time. */
  utilisationPercent: z.number().nullable(),
  /** The highest of any GPU. */
  utilisationMaxPercent: z.number().nullable(),
  /** Mean of all GPUs together while it served: times `servingSeconds` it is the energy in joules. */
  powerWatts: z.number().nullable(),
  /** The highest of any GPU. */
  temperatureMaxCelsius: z.number().nullable(),
  /** Means over the time it served, so that models stacked on each other are never more than the card holds. */
  vramByModel: z.record(z.string(), z.number()),
});
export type NodeBucket = z.infer<typeof nodeBucketSchema>;

/** Vectors embedded in a bucket, by node id. A bucket without work is not there. */
export const workBucketSchema = z.object({
  at: z.number(),
  seconds: z.number(),
  vectorsByNode: z.record(z.string(), z.number()),
});
export type WorkBucket = z.infer<typeof workBucketSchema>;
