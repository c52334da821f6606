import * as z from 'zod';

/** Everything that can be set, with its default. Saved whole; unknown keys are dropped on reading. */
export const settingsSchema = z.object({
  fleet: z
    .object({
      /** How often a node that answers is looked at, milliseconds. */
      lookIntervalMs: z.number().int().min(1000).max(600_000).default(5000),
      /** How long one look may take. */
      lookTimeoutMs: z.number().int().min(200).max(60_000).default(4000),
      simulated: z.boolean().default(false),
    })
    .prefault({}),
  power: z
    .object({
      /** When a wake without a learned boot time is given up, milliseconds. */
      wakeTimeoutMs: z.number().int().min(5000).max(1_800_000).default(180_000),
    })
    .prefault({}),
  optimizer: z
    .object({
      on: z.boolean().default(true),
      intervalMs: z.number().int().min(10_000).max(86_400_000).default(300_000),
      /** Model name patterns: a name without its tag, a name with its tag, or with `*`. */
      priorityModels: z.array(z.string().min(1).max(200)).max(100).default(['mxbai-embed-large', 'llama3.1']),
      /** Told when a priority model fell to the CPU; null for none. */
      webhookUrl: z
        .url({ protocol: /^https?$/ })
        .nullable()
        .default(null),
    })
    .prefault({}),
  index: z
    .object({
      maxFileBytes: z.number().int().min(1024).max(1_073_741_824).default(20_000_000),
      /** Tokens a chunk may have, estimated. */
      chunkTokens: z.number().int().min(64).max(2048).default(320),
      batchSize: z.number().int().min(1).max(512).default(32),
    })
    .prefault({}),
  /** Bearer token for `/index/*`; null lets only the panel's own tokens in. */
  api: z.object({ indexToken: z.string().min(8).nullable().default(null) }).prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;

export const defaultSettings: Settings = settingsSchema.parse({});
