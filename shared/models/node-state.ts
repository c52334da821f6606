/** The states of a node, apart from the rest of it so that power can speak of them too. */
import * as z from 'zod';

/**
 * `unknown` before the first look. `off` also stands for "does not answer": from outside, a machine that is
 * asleep and one that was unplugged look the same. `trouble` answers, but wrongly.
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

/** What is wrong: a code of the catalogue, a sentence, the next step. */
export const troubleSchema = z.object({ code: z.string(), message: z.string(), next: z.string() });
export type Trouble = z.infer<typeof troubleSchema>;
