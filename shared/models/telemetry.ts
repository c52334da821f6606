import * as z from 'zod';

/** One GPU: what does not change from one reading to the next. `null` if unknown. */
export const gpuCardSchema = z.object({
  id: z.string(),
  vendor: z.enum(['nvidia', 'amd', 'intel', 'apple', 'unknown']),
  name: z.string(),
  vramTotalBytes: z.number().nullable(),
  /** Graphics inside the processor, which share the computer's memory. Absent for a card. */
  integrated: z.literal(true).optional(),
});
export type GpuCard = z.infer<typeof gpuCardSchema>;

/** One GPU at one moment. `null` if the driver or tool does not report it. Bytes, percent, °C, watts. */
export const gpuReadingSchema = gpuCardSchema.extend({
  vramUsedBytes: z.number().nullable(),
  utilisationPercent: z.number().nullable(),
  temperatureCelsius: z.number().nullable(),
  powerWatts: z.number().nullable(),
  /** The programs that use most of its VRAM, largest first; absent if no agent reports them. Not kept over time. */
  processes: z
    .array(
      z.object({
        name: z.string(),
        vramUsedBytes: z.number().nullable(),
        /** The process id on its machine. */
        pid: z.number().optional(),
        /** A runner of Ollama that outlived its server: nothing but ending it frees its VRAM. */
        leftBehind: z.literal(true).optional(),
      }),
    )
    .optional(),
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

/** A time up to now. `month` is 30 days. */
export const historyRangeSchema = z.enum(['fifteen-minutes', 'hour', 'six-hours', 'day', 'week', 'month']);
export type HistoryRange = z.infer<typeof historyRangeSchema>;

/** Wall times in milliseconds; the end is not included. */
export const historyWindowSchema = z
  .strictObject({ from: z.number().int().min(0), to: z.number().int().min(1) })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must be later than from' });

/**
 * What a history is read for: a time up to now, or one between two moments. It is kept in minutes for a day, and in
 * quarters of an hour for 30 days; the finest that covers all of it is read.
 */
export const historySpanSchema = z.union([historyRangeSchema, historyWindowSchema]);
export type HistorySpan = z.infer<typeof historySpanSchema>;

/**
 * The long-term readings of a node by wall time, all its GPUs together. A bucket in which it neither served
 * nor embedded is absent. Means count only the time in which the value was known; `null` if it never was.
 */
export const nodeBucketSchema = z.object({
  /** When it begins. */
  at: z.number(),
  /** How long it is. */
  seconds: z.number(),
  /** How much of it the node served (was awake). */
  servingSeconds: z.number(),
  vectors: z.number(),
  vramTotalBytes: z.number().nullable(),
  /** Mean. */
  vramUsedBytes: z.number().nullable(),
  vramUsedMinBytes: z.number().nullable(),
  vramUsedMaxBytes: z.number().nullable(),
  /** Mean over its GPUs and the time. */
  utilisationPercent: z.number().nullable(),
  /** The lowest of any GPU. */
  utilisationMinPercent: z.number().nullable(),
  /** The highest of any GPU. */
  utilisationMaxPercent: z.number().nullable(),
  /** Mean of all GPUs together while it served: times `servingSeconds` it is the energy in joules. */
  powerWatts: z.number().nullable(),
  powerMinWatts: z.number().nullable(),
  powerMaxWatts: z.number().nullable(),
  /** Mean over the time of its warmest GPU. */
  temperatureCelsius: z.number().nullable(),
  temperatureMinCelsius: z.number().nullable(),
  /** The highest of any GPU. */
  temperatureMaxCelsius: z.number().nullable(),
  /** Means over the time it served, so that stacked models never add up to more than the card's VRAM. */
  vramByModel: z.record(z.string(), z.number()),
});
export type NodeBucket = z.infer<typeof nodeBucketSchema>;

/** Vectors embedded in a bucket, by node id. A bucket without work is absent. */
export const workBucketSchema = z.object({
  at: z.number(),
  seconds: z.number(),
  vectorsByNode: z.record(z.string(), z.number()),
});
export type WorkBucket = z.infer<typeof workBucketSchema>;

/** What waited in a bucket, by kind. A bucket in which Pilotlight did not run is absent. */
export const queueBucketSchema = z.object({
  at: z.number(),
  seconds: z.number(),
  waiting: z.record(
    z.string(),
    z.object({
      /** Over the time in which it was known. */
      mean: z.number(),
      most: z.number(),
    }),
  ),
});
export type QueueBucket = z.infer<typeof queueBucketSchema>;
