/** Diagnosis and rehearsal: numbered steps, each with what was seen and the mend. */
import * as z from 'zod';

const checkStepSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'pass', 'fail', 'not-applicable']),
  /** What was seen, in words; empty before. */
  seen: z.string(),
  /** What to do about a failure; empty otherwise. */
  mend: z.string(),
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
