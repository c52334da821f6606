import * as z from 'zod';
import { messageSchema } from './message.ts';
import { gpuCardSchema } from './telemetry.ts';

/** Where a model is loaded. `partial` is not `gpu`: some layers run on the CPU. */
export const placementSchema = z.enum(['gpu', 'partial', 'cpu']);
export type Placement = z.infer<typeof placementSchema>;

export const installedModelSchema = z.object({
  name: z.string(),
  /** Plain hexadecimal. Identifies the model of an index. */
  digest: z.string(),
  /** Bytes on disk. */
  sizeBytes: z.number(),
  family: z.string(),
  parameterSize: z.string(),
  quantization: z.string(),
  /**
   * As its list says (0.30 and later); null if it says nothing, or nothing that can be trusted: call `describe`. Never
   * derived from the name.
   */
  capabilities: z.array(z.string()).nullable(),
  embeddingLength: z.number().nullable(),
  /** RFC 3339, as the server writes it. */
  modifiedAt: z.string().nullish(),
  parentModel: z.string().nullish(),
  format: z.string().nullish(),
  families: z.array(z.string()).nullish(),
  contextLength: z.number().nullish(),
  /** It runs elsewhere: what is sent to it leaves the house. */
  cloud: z.boolean().optional(),
});
export type InstalledModel = z.infer<typeof installedModelSchema>;

/** What the server of a node listed last, kept for when it is off. */
export const listingRecordSchema = z.object({
  nodeId: z.string(),
  /** Of the server that listed it. */
  url: z.string(),
  /** When the list last changed, milliseconds since the epoch. */
  at: z.number(),
  models: z.array(installedModelSchema),
  /** The GPUs that its agent reported last, and which agent. Absent if none did. */
  gpus: z.object({ agentUrl: z.string(), cards: z.array(gpuCardSchema) }).optional(),
});
export type ListingRecord = z.infer<typeof listingRecordSchema>;

export const loadedModelSchema = z.object({
  name: z.string(),
  digest: z.string(),
  /** Bytes in memory, GPU and CPU together. */
  sizeBytes: z.number(),
  vramBytes: z.number(),
  /** Milliseconds since the epoch; null if it stays loaded indefinitely. */
  expiresAt: z.number().nullable(),
  contextLength: z.number().nullable(),
});
export type LoadedModel = z.infer<typeof loadedModelSchema>;

export const describedModelSchema = z.object({
  /** null if the server reports nothing: the model may be able to do anything. */
  capabilities: z.array(z.string()).nullable(),
  blockCount: z.number().nullable(),
  embeddingLength: z.number().nullable(),
  contextLength: z.number().nullable(),
  headCount: z.number().nullable(),
  headCountKv: z.number().nullable(),
  /** `PARAMETER num_gpu` of its Modelfile, for loads that do not ask for layers; null or left out for none. */
  gpuLayers: z.number().nullable().optional(),
});
export type DescribedModel = z.infer<typeof describedModelSchema>;

/** A loaded model as the panel shows it. */
export const modelOnNodeSchema = loadedModelSchema.extend({
  placement: placementSchema,
  /** Share of the model in VRAM, 0 to 1. */
  gpuShare: z.number(),
  priority: z.boolean(),
  pinned: z.boolean(),
  /** `PARAMETER num_gpu` of its Modelfile: the layers of a load that does not ask for a number. Left out if unknown or none. */
  modelfileLayers: z.number().optional(),
  /** A priority model that is not entirely on the GPU of a node that has one. */
  flagged: z.boolean(),
});
export type ModelOnNode = z.infer<typeof modelOnNodeSchema>;

/** Why a model is where it is, and what a move would do. */
export const explanationSchema = z.object({
  nodeId: z.string(),
  model: z.string(),
  placement: placementSchema.nullable(),
  wanted: placementSchema.nullable(),
  right: z.boolean(),
  /** Why it is there, and not where it should be. */
  reason: messageSchema,
  /** What a move would unload, by name. */
  evicts: z.array(z.string()),
  /** The next step; null if there is none. */
  next: messageSchema.nullable(),
  /** The explanation in one word, for scripts. */
  code: z.enum([
    'RIGHT',
    'NOT_LOADED',
    'NOT_PRIORITY',
    'PINNED',
    'NO_GPU',
    'VRAM_UNKNOWN',
    'FITS',
    'FITS_BY_EVICTION',
    'DOES_NOT_FIT',
    'VRAM_TAKEN',
    'BACKING_OFF',
    'SETTLING',
    'BUSY',
    'SIBLING_TAG',
    'NODE_NOT_SERVING',
    'GPU_LOST',
  ]),
});
export type Explanation = z.infer<typeof explanationSchema>;

/** A program other than the inference server that uses VRAM. */
export const vramHolderSchema = z.object({
  /** Without its folder; null if the program is unknown. */
  name: z.string().nullable(),
  bytes: z.number(),
  /** The process id of a runner that outlived its server; left out for other programs. */
  leftBehind: z.number().optional(),
});
export type VramHolder = z.infer<typeof vramHolderSchema>;

/** Why a model does not fit into the VRAM of a node now. Bytes. */
export const vramShortageSchema = z.object({
  neededBytes: z.number(),
  /** Whether the size was measured with the model loaded, instead of computed. */
  measured: z.boolean(),
  totalBytes: z.number(),
  /** The most that unloading models can free. */
  availableBytes: z.number(),
  /** The largest first. */
  holders: z.array(vramHolderSchema),
  /** Models that forcing it anyway would unload. */
  evicts: z.array(z.string()),
});
export type VramShortage = z.infer<typeof vramShortageSchema>;

export const moveOutcomeSchema = z.enum(['moved', 'already-right', 'refused', 'failed']);

/** One move, as recorded in the history, whether it succeeded or not. */
export const moveRecordSchema = z.object({
  id: z.number(),
  at: z.number(),
  nodeId: z.string(),
  nodeName: z.string(),
  model: z.string(),
  by: z.enum(['optimizer', 'person', 'job', 'task', 'request']),
  from: placementSchema.nullable(),
  to: placementSchema.nullable(),
  wanted: z.enum(['gpu', 'cpu']),
  outcome: moveOutcomeSchema,
  /** Why it ended this way. */
  reason: messageSchema,
  code: z.string().nullable(),
  durationMs: z.number(),
  evicted: z.array(z.string()),
  /** If the model did not fit, as measured then: what it needs and what uses the VRAM. */
  shortage: vramShortageSchema.optional(),
  /** Models that the failed move had unloaded and that were loaded again. */
  restored: z.array(z.string()).optional(),
  /** Models that were loaded before the failed move and could not be loaded again. */
  missing: z.array(z.string()).optional(),
  /** The model was loaded again since, so that this result is out of date. Left out for no. */
  superseded: z.literal(true).optional(),
});
export type MoveRecord = z.infer<typeof moveRecordSchema>;

export const optimizerStatusSchema = z.object({
  on: z.boolean(),
  intervalMs: z.number(),
  running: z.boolean(),
  lastLookAt: z.number().nullable(),
  nextLookAt: z.number().nullable(),
  /** What the last check found. */
  summary: messageSchema,
  explanations: z.array(explanationSchema),
});
export type OptimizerStatus = z.infer<typeof optimizerStatusSchema>;
