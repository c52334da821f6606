import * as z from 'zod';
import { messageSchema } from './message.ts';
import { gpuLostSchema, nodeStateSchema, troubleSchema, wedgedSchema } from './node-state.ts';
import { installedModelSchema, modelOnNodeSchema } from './placement.ts';
import { wakeWaySchema } from './power.ts';
import { gpuCardSchema } from './telemetry.ts';

export {
  type GpuLost,
  type NodeState,
  nodeStateSchema,
  type Trouble,
  troubleSchema,
  type Wedged,
} from './node-state.ts';
export { isServing } from './serving.ts';

const nodeKindSchema = z.enum(['this-computer', 'remote', 'simulated']);

/** A node as it is saved, without its passwords and tokens, which are secrets. Everything else is observed, not saved. */
export const nodeRecordSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: nodeKindSchema,
  /** Base URL of its inference server; null when it has none. */
  url: z.string().nullable(),
  mac: z.string().nullable(),
  /** `address[:port]`, used in addition to the directed broadcasts; port 9 by default. */
  wakeDestinations: z.array(z.string()),
  /** Wake methods, tried in this order. */
  wakeWays: z.array(wakeWaySchema).default([{ kind: 'direct' }]),
  /** Where its agent answers; null where it has none. */
  agentUrl: z.string().nullable().default(null),
  /** Where an existing shutdown server answers, one without leases; null where it has none. */
  shutdownUrl: z.string().nullable().default(null),
  /** Bytes, entered by a person; used only where the machine's tools report nothing. 0 means "no GPU". */
  vramBytes: z.number().nullable(),
  addedAt: z.number(),
});
export type NodeRecord = z.infer<typeof nodeRecordSchema>;

/**
 * What a server can do. Pilotlight checks these, never a product's name: it lists its models, reports where a loaded
 * model sits, moves models between GPU and CPU, downloads and deletes models, embeds texts, generates text, streams what it generates, answers
 * requests of other programs that are forwarded unchanged, and speaks these dialects.
 */
export const serverCapabilitySchema = z.enum([
  'lists-models',
  'says-placement',
  'moves',
  'manages-models',
  'embeds',
  'generates',
  'streams',
  'forwards',
  'speaks-ollama',
  'speaks-openai',
  'speaks-anthropic',
]);
export type ServerCapability = z.infer<typeof serverCapabilitySchema>;

/**
 * A node as the panel, the CLI and scripts see it: one entry of the `fleet` stream, with its state and configuration.
 * Readings come on the `telemetry` stream, and a wake in progress on the `wake` stream.
 */
export const nodeViewSchema = nodeRecordSchema.omit({ vramBytes: true }).extend({
  /** Whether a SecureOn password is set; the password itself is never shown. */
  hasSecureOn: z.boolean(),
  /** Whether each of the other secrets of a node is set. */
  hasAgentToken: z.boolean(),
  hasRelayToken: z.boolean(),
  hasShutdownSecret: z.boolean(),
  state: nodeStateSchema,
  /** When it entered this state. */
  since: z.number(),
  trouble: troubleSchema.nullable(),
  /** Ollama there has no GPU although the machine has one; null if that is not known. Only while it serves. */
  gpuLost: gpuLostSchema.nullable().default(null),
  /** Its Ollama starts no more loads. Only while it serves. */
  wedged: wedgedSchema.nullable().default(null),
  server: z
    .object({
      /** The product's name, such as `Ollama`; only for display. */
      product: z.string(),
      version: z.string().nullable(),
      capabilities: z.array(serverCapabilitySchema),
    })
    .nullable(),
  canWake: z.boolean(),
  /** The last failed wake; cleared by the next one. */
  lastWakeError: troubleSchema.nullable(),
  boot: z.object({ usualMs: z.number().nullable(), count: z.number() }),
  /** null if unknown. */
  hasGpu: z.boolean().nullable(),
  vram: z.object({
    totalBytes: z.number().nullable(),
    source: z.enum(['tools', 'person', 'simulator', 'unknown']),
  }),
  /** The GPUs that its own tools last reported; empty where none does. */
  gpus: z.array(gpuCardSchema),
  loaded: z.array(modelOnNodeSchema),
  installed: z.array(installedModelSchema),
  /** Models that its server lists and that run elsewhere: used only through the gateway, where that is allowed. */
  cloudModels: z.array(installedModelSchema).optional(),
  /** When it last answered; while it answers, no later than its state last changed on the stream. */
  lastSeenAt: z.number().nullable(),
  /** What it is needed for now, as parts of a sentence: `indexing "Notes"`. */
  uses: z.array(messageSchema),
});
export type NodeView = z.infer<typeof nodeViewSchema>;

/** An address found in the environment, not contacted until a person adds it. */
export const nodeOfferSchema = z.object({ url: z.string(), source: z.string() });
export type NodeOffer = z.infer<typeof nodeOfferSchema>;
