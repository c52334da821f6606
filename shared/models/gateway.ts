/** The gateway as it is shown: its state and its statistics. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

export const gatewayStateSchema = z.enum(['off', 'starting', 'running', 'failed']);
export type GatewayState = z.infer<typeof gatewayStateSchema>;

export const gatewayListeningSchema = z.enum(['loopback', 'network']);
export type GatewayListening = z.infer<typeof gatewayListeningSchema>;

export const gatewayProblemSchema = z.object({
  code: z.string(),
  message: messageSchema,
  next: messageSchema,
});

export const gatewayViewSchema = z.object({
  state: gatewayStateSchema,
  /** The address for programs on this computer, without a path; null while it does not listen. */
  url: z.string().nullable(),
  /** From where it accepts connections; null while it does not listen. */
  listening: gatewayListeningSchema.nullable(),
  /** Why it does not listen, or not as its settings say; null if it does. */
  problem: gatewayProblemSchema.nullable(),
  /** How often its process had to be started again since the core started. */
  restarts: z.number(),
  /** The version of the routing table that it uses; null while it has none. */
  version: z.number().nullable(),
});
export type GatewayView = z.infer<typeof gatewayViewSchema>;

/** How a request ended; see RequestOutcome in electron/core/gateway/model.ts. */
export const gatewayOutcomes = ['completed', 'refused', 'rejected', 'failed', 'cancelled'] as const;

const countsShape = {
  /** Finished ones. The other counts say how they ended. */
  requests: z.number(),
  completed: z.number(),
  refused: z.number(),
  rejected: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  /** Tries on another node after a failure. */
  retried: z.number(),
  /** Requests that another model answered, because the wanted one had no node. */
  fallbacks: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  /** Time until the first byte of the answer, milliseconds; null without any. */
  firstByteMs: z.object({ p50: z.number(), p99: z.number() }).nullable(),
};

export const gatewayCountsSchema = z.object(countsShape);
export type GatewayCounts = z.infer<typeof gatewayCountsSchema>;

export const gatewayDialectSchema = z.enum(['ollama', 'openai', 'anthropic']);

/** Since the core started. */
export const gatewayStatsSchema = z.object({
  /** Milliseconds since the epoch. */
  since: z.number(),
  /** Finished requests of which the gateway could not tell, because no core was running. */
  dropped: z.number(),
  inFlight: z.number(),
  total: gatewayCountsSchema,
  /**
   * What was refused, by the code of the error, the most frequent first. Those that were turned away at the door, such as
   * without a key, are counted only here.
   */
  refusals: z.array(z.object({ code: z.string(), count: z.number() })),
  nodes: z.array(
    z.object({
      ...countsShape,
      nodeId: z.string(),
      name: z.string(),
      /** `open`: it failed, and gets no requests for a while. `half-open`: one request tries whether it works again. */
      breaker: z.enum(['closed', 'open', 'half-open']),
      inFlight: z.number(),
      /** Requests that it gets at once; null for no limit. */
      slots: z.number().nullable(),
      /** Where that limit comes from. */
      limit: messageSchema,
    }),
  ),
  models: z.array(z.object({ ...countsShape, model: z.string() })),
  dialects: z.array(z.object({ ...countsShape, dialect: gatewayDialectSchema })),
  /** By node and dialect; `nodeId` is null for requests that no node was asked. */
  series: z.array(z.object({ ...countsShape, nodeId: z.string().nullable(), dialect: gatewayDialectSchema })),
});
export type GatewayStats = z.infer<typeof gatewayStatsSchema>;

/** What a request for a model does while the machines that have it sleep. */
export const gatewayPolicySchema = z.object({
  wake: z.enum(['if-needed', 'wait', 'cpu-meanwhile', 'cpu-after', 'never']),
  /** For `cpu-after`. */
  cpuAfterSeconds: z.number(),
  /** null for what the kind of call suggests. */
  priority: z.enum(['interactive', 'batch', 'index']).nullable(),
  /** Which policy it is. */
  reason: messageSchema,
  /** What else is worth knowing, such as that no machine has the model. */
  notes: z.array(messageSchema),
});
export type GatewayPolicy = z.infer<typeof gatewayPolicySchema>;
