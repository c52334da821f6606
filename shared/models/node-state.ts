/** The states of a node, in a file of their own so that power can use them too. */
import * as z from 'zod';
import { messageSchema } from './message.ts';

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

/**
 * Ollama on a serving node has no GPU, although the machine has one. A fact beside the state, which is `serving` then
 * (decision 14). It ends when a model is in VRAM again, or when Ollama, started since, found the GPU.
 */
export const gpuLostSchema = z.object({
  /** When it was noticed. */
  since: z.number(),
  /** What showed it: the machine's own tools, Ollama at its start, or a load for the GPU that ended on the CPU. */
  shownBy: z.enum(['tools', 'server', 'load']),
  /** Ollama was restarted since, and whether it has its GPU again is not known yet. */
  restarted: z.boolean(),
  /** What was observed. */
  reason: messageSchema,
  /** The fix. */
  next: messageSchema,
});
/**
 * Ollama there starts no more loads, although it answers everything else. A fact beside the state, which is `serving`
 * or `gpu-verified` then. Models that are loaded still answer. It ends when a model is loaded, or when Ollama starts again.
 */
export const wedgedSchema = z.object({
  /** When the load began that does not end. */
  since: z.number(),
  /** The model that does not load. */
  model: z.string(),
  /** What was observed. */
  reason: messageSchema,
  /** The fix. */
  next: messageSchema,
});
export type Wedged = z.infer<typeof wedgedSchema>;
export type GpuLost = z.infer<typeof gpuLostSchema>;
