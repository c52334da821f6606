/** The requests of other programs at the gateway as they are shown: those in progress, and the newest that ended. */
import * as z from 'zod';
import { gatewayDialectSchema, gatewayOutcomes } from './gateway.ts';
import { messageSchema } from './message.ts';

/**
 * What a request is doing now.
 * - `arriving`: its body is being read
 * - `waking`: waits for a machine
 * - `queued`: waits for its turn, or until its model has been moved
 * - `sent`: a node has it, and has answered nothing yet; a model may be loading there
 * - `answering`: the answer is being sent
 * The others say how it ended.
 */
export const requestStateSchema = z.enum([
  'arriving',
  'waking',
  'queued',
  'sent',
  'answering',
  ...gatewayOutcomes,
]);
export type RequestState = z.infer<typeof requestStateSchema>;

export const requestPrioritySchema = z.enum(['interactive', 'batch', 'index']);

/** One step of a request's way. */
export const requestStepSchema = z.object({
  /** Milliseconds since its arrival. */
  afterMs: z.number(),
  /**
   * `tried`: that node was asked and did not answer, with `code` of the error. `loaded`: the server said that it had
   * loaded the model for it. `split`: a part of it was sent there.
   */
  kind: z.enum(['arrived', 'waking', 'queued', 'sent', 'tried', 'split', 'loaded', 'first-byte', 'ended']),
  nodeId: z.string().nullable(),
  code: z.string().nullable(),
});
export type RequestStep = z.infer<typeof requestStepSchema>;

/** An entry of the `requests` stream. It contains nothing of what was asked or answered. */
export const requestViewSchema = z.object({
  /** Unique while the core runs, and over restarts of the gateway. */
  id: z.string(),
  /** When it arrived, milliseconds since the epoch. */
  at: z.number(),
  state: requestStateSchema,
  dialect: gatewayDialectSchema,
  /** Without key, node and query, such as `/api/chat`. */
  path: z.string(),
  /** As the client named it; null if it named none. */
  model: z.string().nullable(),
  /** Model that was used instead; null if none was. */
  fallback: z.string().nullable(),
  nodeId: z.string().nullable(),
  /** Why that node; null while it has none. */
  why: messageSchema.nullable(),
  /** As the program names itself; null if it does not. */
  program: z.string().nullable(),
  /** The key or session that was used; null for none. */
  credentialId: z.string().nullable(),
  /** Its name, as it was then. */
  credential: z.string().nullable(),
  priority: requestPrioritySchema.nullable(),
  /** Place in its queue, from 1; null if it does not wait. */
  position: z.number().nullable(),
  /** How much longer it is expected to wait, milliseconds; null if that is unknown, or it does not wait. */
  expectedMs: z.number().nullable(),
  /** How long it waited for a machine or for its turn, milliseconds. */
  heldMs: z.number(),
  /** How long the server loaded the model for it, milliseconds; null if it did not say. */
  loadMs: z.number().nullable(),
  /** From its arrival to the first byte of the answer, milliseconds; null if there was none yet. */
  firstByteMs: z.number().nullable(),
  /** Milliseconds; null while it is in progress. */
  durationMs: z.number().nullable(),
  inputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  /** While it answered, as the server reported it or as counted; null if unknown. */
  tokensPerSecond: z.number().nullable(),
  /** Nodes tried before. */
  retries: z.number(),
  status: z.number().nullable(),
  /** Why it ended in an error; null if it did not. */
  problem: z.object({ code: z.string(), message: messageSchema }).nullable(),
  /** `num_ctx` that it was sent with instead of its own; null if that was left alone. */
  contextLength: z.number().nullable(),
  steps: z.array(requestStepSchema),
  /** Whether its prompt can be read, because storing them was switched on (`requests.prompt`). */
  hasPrompt: z.boolean(),
});
export type RequestView = z.infer<typeof requestViewSchema>;

export const requestIsOver = ({ state }: Pick<RequestView, 'state'>): boolean =>
  (gatewayOutcomes as readonly string[]).includes(state);

/** What waits: passages for their vectors, requests at the gateway. */
export const queueKindSchema = z.enum(['indexing', 'requests', 'tasks']);
export type QueueKind = z.infer<typeof queueKindSchema>;

/**
 * How many of each kind waited at one moment: the entry of the `queues` stream, and one sample of its last hour. Once a
 * second while anything waits, and for a few seconds after.
 */
export const queueSampleSchema = z.object({
  at: z.number(),
  waiting: z.record(queueKindSchema, z.number()),
});
export type QueueSample = z.infer<typeof queueSampleSchema>;

/** The lowest and the highest mean of the shorter buckets behind one; those in which nothing is known left out. */
export const spreadSchema = z.tuple([z.number(), z.number()]);
export type Spread = z.infer<typeof spreadSchema>;

/** Requests of one model on one node in one bucket; `nodeId` is null for those that no node was asked. */
export const requestBucketRowSchema = z.object({
  nodeId: z.string().nullable(),
  /** Canonical; null if they named none. Rare ones are counted together as `(others)`. */
  model: z.string().nullable(),
  /** Ended in this bucket. */
  requests: z.number(),
  failed: z.number(),
  /** Mean number that waited. */
  waiting: z.number(),
  /** To the first byte, milliseconds; null without any. */
  firstByteMs: z.object({ p50: z.number(), p95: z.number() }).nullable(),
  outputTokens: z.number(),
  /** How long those tokens took, milliseconds: their quotient is the mean speed of one request. */
  outputMs: z.number(),
  /** Absent where the bucket is as short as those that are stored. */
  spread: z
    .object({
      /** The median to the first byte, milliseconds. */
      firstByteMs: spreadSchema.nullable(),
      tokensPerSecond: spreadSchema.nullable(),
    })
    .optional(),
});

/** One bucket of the requests' history. One without requests has no rows; one in which the core was off is absent. */
export const requestBucketSchema = z.object({
  /** When it begins, milliseconds since the epoch. */
  at: z.number(),
  seconds: z.number(),
  /** Over all rows, because percentiles cannot be added. */
  firstByteMs: z.object({ p50: z.number(), p95: z.number() }).nullable(),
  rows: z.array(requestBucketRowSchema),
  /** Of all rows together; absent where the bucket is as short as those that are stored. */
  spread: z
    .object({
      perMinute: spreadSchema,
      waiting: spreadSchema,
      firstByteMs: spreadSchema.nullable(),
    })
    .optional(),
});
export type RequestBucket = z.infer<typeof requestBucketSchema>;

/** Whether prompts are kept now, and until when. */
export const promptKeepingSchema = z.object({
  /** When it ends by itself, milliseconds since the epoch; null while no prompt is kept. */
  until: z.number().nullable(),
  /** How many are kept. */
  count: z.number(),
});
export type PromptKeeping = z.infer<typeof promptKeepingSchema>;

/** What a program sent, if it was kept. */
export const requestPromptSchema = z.object({
  /** The body of the request, decoded; nothing else of it, such as its headers, is kept. */
  text: z.string(),
  /** Bytes of the whole body; `text` has the beginning of a long one. */
  bytes: z.number(),
  truncated: z.boolean(),
});
export type RequestPrompt = z.infer<typeof requestPromptSchema>;
