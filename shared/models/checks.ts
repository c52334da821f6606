/** Diagnosis and rehearsal: numbered steps, each with what was observed and how to fix what failed. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

const checkStepSchema = z.object({
  /** The same in every check of its kind, such as `host` or `used-gpu`. */
  id: z.string(),
  title: messageSchema,
  state: z.enum(['waiting', 'running', 'pass', 'fail', 'not-applicable']),
  /** What was observed; null before. */
  seen: messageSchema.nullable(),
  /** How to fix a failure; null if it did not fail. */
  fix: messageSchema.nullable(),
});
export type CheckStep = z.infer<typeof checkStepSchema>;

/** One entry of the `checks` stream, key `id`. */
export const checkSchema = z.object({
  /** `diagnosis:NODE` or `rehearsal:NODE`: a node has one of each at a time. */
  id: z.string(),
  kind: z.enum(['diagnosis', 'rehearsal']),
  nodeId: z.string(),
  startedAt: z.number(),
  /** null while it runs. */
  endedAt: z.number().nullable(),
  outcome: z.enum(['running', 'pass', 'fail', 'cancelled']),
  steps: z.array(checkStepSchema),
});
export type Check = z.infer<typeof checkSchema>;
