/** The states of a node, in a file of their own so that power can use them too. */
import * as z from 'zod';

/**
 * `unknown` before the first check. `off` also means "does not answer": from outside, a machine that is
 * asleep and one that was unplugged look the same. `trouble` answers, but not as it should.
 */
export const nodeStateSchema = z.enum([
  'unknown',
  'off',
  'waking',
  'booting',
  'serving',
  'gpu-verified',
  'trouble',
]);
export type NodeState = z.infer<typeof nodeStateSchema>;

/** A problem: its code in the catalogue, a sentence, the next step. */
export const troubleSchema = z.object({ code: z.string(), message: z.string(), next: z.string() });
export type Trouble = z.infer<typeof troubleSchema>;
