/** The ONNX runners of the fleet as they are shown. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

/** Execution providers, by the names of onnxruntime. */
export const runnerProviderSchema = z.enum(['dml', 'coreml', 'cuda', 'webgpu', 'cpu']);
export type RunnerProvider = z.infer<typeof runnerProviderSchema>;

/**
 * How a provider fared with a model.
 * - `used`: it is the fastest one that gives the right answer
 * - `slower`, `wrong`: it works, but the CPU is faster, or its answer differs from the CPU's
 * - `failed`: it could not be opened, or failed while it was in use
 * - `absent`: it is not built for this system, or not installed
 * - `untried`: a better one was found first, or nothing has been loaded yet
 */
export const runnerRungSchema = z.object({
  provider: runnerProviderSchema,
  state: z.enum(['used', 'slower', 'wrong', 'failed', 'absent', 'untried']),
  /** Of one run of the same input on this provider and on the CPU, milliseconds; null if not measured. */
  ms: z.number().nullable(),
  cpuMs: z.number().nullable(),
  /** The lowest cosine, or the largest difference for graphs without vectors, against the CPU's answer. */
  agreement: z.number().nullable(),
  /** Part of the graph's nodes that it really ran, 0 to 1, from the session's profile; null if not measured. */
  share: z.number().nullable(),
  /** Why it is not used; null if it is. */
  reason: messageSchema.nullable(),
});
export type RunnerRung = z.infer<typeof runnerRungSchema>;

/** What a model is for. `text`: vectors of texts. `speech`: recordings to text. */
export const runnerModelKindSchema = z.enum(['text', 'faces', 'clip', 'speech']);

export const runnerModelSchema = z.object({
  name: z.string(),
  kind: runnerModelKindSchema,
  /** SHA-256 of its files, hexadecimal: a model is known by it. */
  hash: z.string(),
  /** `int8` for quantised weights. */
  precision: z.enum(['float32', 'float16', 'int8']),
  sizeBytes: z.number(),
  /** Of its vectors; null if it makes none. */
  dimensions: z.number().nullable(),
  /** Tokens of a text, special ones included; null if it takes none. */
  maxTokens: z.number().nullable(),
  licence: z.string().nullable(),
  state: z.enum(['on-disk', 'loading', 'ready', 'failed']),
  /** Provider that runs it; null unless it is ready. */
  provider: runnerProviderSchema.nullable(),
  ladder: z.array(runnerRungSchema),
  /** Why it failed. */
  problem: z.object({ code: z.string(), message: messageSchema }).nullable(),
  /** When it was last used, and when it is dropped from memory if it is not used again; milliseconds since the epoch. */
  usedAt: z.number().nullable(),
  expiresAt: z.number().nullable(),
});
export type RunnerModel = z.infer<typeof runnerModelSchema>;

/** What the runner says of itself (`GET /runner/status`). */
export const runnerStatusSchema = z.object({
  version: z.string(),
  /** Provider of this machine: the best one that any loaded model uses, else the best one that passed the small graph. */
  provider: runnerProviderSchema,
  /** Of this machine, tried with a small graph. */
  ladder: z.array(runnerRungSchema),
  models: z.array(runnerModelSchema),
  /** Graphs of Immich's model folder that it can run, each as `clip/ViT-B-32__openai/visual`. */
  immich: z.array(z.string()).default([]),
  ready: z.boolean(),
  uptimeSeconds: z.number(),
  /** How often the inference process had to be started again. */
  restarts: z.number(),
  queue: z.object({ queries: z.number(), bulk: z.number(), pictures: z.number() }),
  /** Of its processes together, bytes; null if unknown. */
  memoryBytes: z.number().nullable(),
  totals: z.object({
    requests: z.number(),
    failed: z.number(),
    texts: z.number(),
    pictures: z.number(),
    /** Of recordings, seconds; missing if the runner does not say. */
    speechSeconds: z.number().optional(),
    /** Runs on another provider than the CPU. */
    gpuRuns: z.number(),
    runs: z.number(),
  }),
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
});
export type RunnerStatus = z.infer<typeof runnerStatusSchema>;

/** What the core saves of a runner, for the time after its own restart. */
export const runnerRecordSchema = z.object({
  nodeId: z.string(),
  /** As in the `runners` stream. */
  from: z.enum(['agent', 'address']),
  /** Where it answered. */
  url: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Without its counts. */
  status: runnerStatusSchema,
});
export type RunnerRecord = z.infer<typeof runnerRecordSchema>;

/** A download of a model from the catalogue, kept for a while after it has ended. */
export const runnerPullSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  doneBytes: z.number(),
  /** null until it is known. */
  totalBytes: z.number().nullable(),
  startedAt: z.number(),
  problem: z.object({ code: z.string(), message: messageSchema, next: messageSchema }).nullable(),
});
export type RunnerPull = z.infer<typeof runnerPullSchema>;

/** A model that a runner can download. */
export const catalogueModelSchema = z.object({
  name: z.string(),
  kind: runnerModelKindSchema,
  sizeBytes: z.number(),
  licence: z.string().nullable(),
  /** Address that it is downloaded from; null if the runner does not say. */
  source: z.string().nullable().default(null),
  /** Whether the runner has it. */
  present: z.boolean(),
});
export type CatalogueModel = z.infer<typeof catalogueModelSchema>;

/** A face in a picture, in pixels of the picture as it is shown. */
export const runnerFaceSchema = z.object({
  /** Left, top, right, bottom. */
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  landmarks: z.array(z.tuple([z.number(), z.number()])),
  /** 0 to 1. */
  score: z.number(),
  embedding: z.array(z.number()),
});
export type RunnerFace = z.infer<typeof runnerFaceSchema>;

/** One of the four targets: whether it is met now. */
export const runnerTargetSchema = z.object({
  /** null while nothing was measured. */
  value: z.number().nullable(),
  met: z.boolean().nullable(),
});

/** An entry of the `runners` stream: the runner of one node, as the core's client sees it. */
export const runnerViewSchema = z.object({
  /** `runner:HOST:PORT` for an address from the settings that belongs to no node. */
  nodeId: z.string(),
  /** The node's name, or the address. */
  name: z.string(),
  /** `agent`: the role of a node's agent. `address`: from the settings. */
  from: z.enum(['this-computer', 'agent', 'address']),
  /** Empty while this computer's runner does not run. */
  url: z.string(),
  /** The data folder of the Pilotlight that started this computer's runner, if it is not this one. */
  sharedFrom: z.string().nullable(),
  /** `off`: not started, or switched off. `unreachable`: its machine sleeps or does not answer. */
  state: z.enum(['off', 'starting', 'ready', 'unreachable', 'failed']),
  problem: z.object({ code: z.string(), message: messageSchema, next: messageSchema }).nullable(),
  /** As it last said; null if it never did. */
  status: runnerStatusSchema.nullable(),
  breaker: z.enum(['closed', 'open', 'half-open']),
  pulls: z.array(runnerPullSchema),
  /** Of the core's own batches over the last hour. */
  client: z.object({
    batches: z.number(),
    /** Texts or pictures a second while it worked; null while nothing was measured. */
    perSecond: z.number().nullable(),
    latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
    /** Latency histogram: upper bounds in milliseconds, the last one infinite (null), and how many fell below. */
    histogram: z.array(z.object({ belowMs: z.number().nullable(), count: z.number() })),
    /** Success over 95 %, p95 of a batch under 500 ms, GPU used over 80 % if there is one, fallbacks under 5 %. */
    targets: z.object({
      success: runnerTargetSchema,
      latency: runnerTargetSchema,
      gpu: runnerTargetSchema,
      fallback: runnerTargetSchema,
    }),
  }),
});
export type RunnerView = z.infer<typeof runnerViewSchema>;
