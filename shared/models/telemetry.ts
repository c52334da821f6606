import * as z from 'zod';

/** One GPU at one moment. `null` where the driver or tool does not say. Bytes, percent, °C, watts. */
export const gpuReadingSchema = z.object({
  id: z.string(),
  vendor: z.enum(['nvidia', 'amd', 'intel', 'apple', 'unknown']),
  name: z.string(),
  vramTotalBytes: z.number().nullable(),
  vramUsedBytes: z.number().nullable(),
  utilisationPercent: z.number().nullable(),
  temperatureCelsius: z.number().nullable(),
  powerWatts: z.number().nullable(),
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
