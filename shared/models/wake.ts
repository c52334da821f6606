/** A wake in progress: one entry of the `wake` stream. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

export const wakeStepSchema = z.enum(['packet-sent', 'answers', 'serves', 'gpu-verified']);

export const wakeProgressSchema = z.object({
  nodeId: z.string(),
  startedAt: z.number(),
  /** The last step that was reached. */
  step: wakeStepSchema,
  /** Usual boot time of this node in milliseconds; null before the first wake. */
  expectedMs: z.number().nullable(),
  /** When Pilotlight gives up, milliseconds since the epoch. */
  deadlineAt: z.number(),
  packetsSent: z.number(),
  /** Destinations that a packet could not be sent to, with the system's error. */
  failedDestinations: z.array(z.object({ destination: z.string(), reason: z.string() })),
  /** The wake methods tried so far; the last one is in progress if its `failed` is null. */
  ways: z.array(z.object({ way: messageSchema, failed: messageSchema.nullable() })),
});
export type WakeProgress = z.infer<typeof wakeProgressSchema>;
