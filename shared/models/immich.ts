/** The door for Immich as it is shown. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

export const immichWakeSchema = z.object({
  nodeId: z.string(),
  name: z.string(),
  /** When it last changed, milliseconds since the epoch. */
  at: z.number(),
  /** `abandoned`: nobody waited for it any more. */
  outcome: z.enum(['running', 'awake', 'failed', 'abandoned']),
  /** Why it failed; null otherwise. */
  reason: z.string().nullable(),
});

export const immichViewSchema = z.object({
  state: z.enum(['off', 'running', 'failed']),
  /** Addresses to enter in Immich, this computer's own first; empty while it does not listen. */
  urls: z.array(z.string()),
  /** From where it accepts connections; null while it does not listen. */
  listening: z.enum(['loopback', 'network']).nullable(),
  /** Why it does not listen, or not as its settings say; null if it does. */
  problem: z.object({ code: z.string(), message: messageSchema, next: messageSchema }).nullable(),
  /** Requests that wait for a machine. */
  held: z.number(),
  /** Requests that a runner works on. */
  working: z.number(),
  /** Memory that requests use, bytes. */
  bytes: z.number(),
  lastWake: immichWakeSchema.nullable(),
  /** Models that were asked for, and that no runner has. */
  missing: z.array(z.string()),
});
export type ImmichView = z.infer<typeof immichViewSchema>;
