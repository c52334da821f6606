import * as z from 'zod';
import { messageSchema } from './message.ts';
import { nodeStateSchema, troubleSchema } from './node-state.ts';
import { installedModelSchema, modelOnNodeSchema } from './placement.ts';
import { wakeWaySchema } from './power.ts';
import { gpuReadingSchema, hostReadingSchema } from './telemetry.ts';

export { type NodeState, nodeStateSchema, type Trouble, troubleSchema } from './node-state.ts';
export { isServing, nodeStateWords } from './node-words.ts';

const nodeKindSchema = z.enum(['this-computer', 'remote', 'simulated']);

/** What is saved of a node, but for its passwords and tokens, which are secrets. Everything else is seen, not kept. */
export const nodeRecordSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: nodeKindSchema,
  /** Base URL of its inference server; null when it has none. */
  url: z.string().nullable(),
  mac: z.string().nullable(),
  /** `address[:port]`, tried beside the directed broadcasts; port 9 when left out. */
  wakeDestinations: z.array(z.string()),
  /** Tried in this order, the next when one fails. */
  wakeWays: z.array(wakeWaySchema).default([{ kind: 'direct' }]),
  /** Where its agent answers; null where it has none. */
  agentUrl: z.string().nullable().default(null),
  /** Where an existing shutdown server answers, one without leases; null where it has none. */
  shutdownUrl: z.string().nullable().default(null),
  /** Told by the person; wins over nothing, loses to tools. Bytes. 0 says "no GPU". */
  vramBytes: z.number().nullable(),
  addedAt: z.number(),
});
export type NodeRecord = z.infer<typeof nodeRecordSchema>;

const wakeStepSchema = z.enum(['packet-sent', 'answers', 'serves', 'gpu-verified']);

export const wakeProgressSchema = z.object({
  startedAt: z.number(),
  /** The last step that was reached. */
  step: wakeStepSchema,
  /** Usual boot time of this node in milliseconds; null before the first wake. */
  expectedMs: z.number().nullable(),
  /** When Pilotlight gives up, milliseconds since the epoch. */
  deadlineAt: z.number(),
  packetsSent: z.number(),
  /** Destinations that refused a packet, with the system's words. */
  failedDestinations: z.array(z.object({ destination: z.string(), reason: z.string() })),
  /** The methods that were tried, with what came of each; the last one is under way where `failed` is null. */
  ways: z.array(z.object({ way: messageSchema, failed: messageSchema.nullable() })),
});
export type WakeProgress = z.infer<typeof wakeProgressSchema>;

/** A node as the panel, the CLI and scripts see it: one entry of the `fleet` stream. */
export const nodeViewSchema = nodeRecordSchema.omit({ vramBytes: true }).extend({
  /** Whether a SecureOn password is set; the password itself is never shown. */
  hasSecureOn: z.boolean(),
  /** Whether each of the other secrets of a node is set. */
  hasAgentToken: z.boolean(),
  hasRelayToken: z.boolean(),
  hasShutdownSecret: z.boolean(),
  state: nodeStateSchema,
  /** Since when it is in this state. */
  since: z.number(),
  trouble: troubleSchema.nullable(),
  server: z.object({ kind: z.literal('ollama'), version: z.string().nullable() }).nullable(),
  canWake: z.boolean(),
  wake: wakeProgressSchema.nullable(),
  /** The last wake that did not end well; cleared by the next one. */
  lastWakeError: troubleSchema.nullable(),
  boot: z.object({ usualMs: z.number().nullable(), count: z.number() }),
  /** true, false, or null when nobody knows. */
  hasGpu: z.boolean().nullable(),
  vram: z.object({
    totalBytes: z.number().nullable(),
    /** Sum over loaded models, or the tool's own reading where there is one. */
    usedBytes: z.number().nullable(),
    source: z.enum(['tools', 'person', 'simulator', 'unknown']),
  }),
  gpus: z.array(gpuReadingSchema),
  host: hostReadingSchema.nullable(),
  loaded: z.array(modelOnNodeSchema),
  installed: z.array(installedModelSchema),
  lastSeenAt: z.number().nullable(),
  /** Why it is needed now, one sentence each, for example `index "Notes"`. */
  uses: z.array(z.string()),
});
export type NodeView = z.infer<typeof nodeViewSchema>;

/** An address that the environment names but nobody has agreed to contact yet. */
export const nodeOfferSchema = z.object({ url: z.string(), source: z.string() });
export type NodeOffer = z.infer<typeof nodeOfferSchema>;
