import * as z from 'zod';
import { type Message, messageSchema } from './message.ts';

const activityKindSchema = z.enum([
  'fleet',
  'power',
  'placement',
  'optimizer',
  'index',
  'tasks',
  'search',
  'settings',
  'system',
]);
export type ActivityKind = z.infer<typeof activityKindSchema>;
const severitySchema = z.enum(['info', 'success', 'warning', 'error']);

/** One thing that happened, and why. */
export const activityEntrySchema = z.object({
  id: z.number(),
  at: z.number(),
  kind: activityKindSchema,
  severity: severitySchema,
  message: messageSchema,
  /** Why it happened, or what to do; null if the message is enough. */
  why: messageSchema.nullable(),
  nodeId: z.string().nullable(),
  /** Whether people get a notification. */
  notify: z.boolean(),
});
export type ActivityEntry = z.infer<typeof activityEntrySchema>;

export interface NewActivityEntry {
  kind: ActivityEntry['kind'];
  severity: ActivityEntry['severity'];
  message: Message;
  why?: Message | null;
  nodeId?: string | null;
  notify?: boolean;
}

export const activityQuerySchema = z.object({
  /** Only entries older than this id. */
  before: z.number().int().optional(),
  limit: z.number().int().min(1).max(500).default(100),
  kinds: z.array(activityKindSchema).optional(),
});
export type ActivityQuery = z.infer<typeof activityQuerySchema>;
