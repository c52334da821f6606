import * as z from 'zod';
import { messageSchema } from './message.ts';

/** The download of one model to one node: an entry of the `pulls` stream. */
export const modelPullSchema = z.object({
  nodeId: z.string(),
  /** With its tag, as the server lists it. */
  model: z.string(),
  /** The node whose copy was asked for; null for a plain download. */
  copyOf: z.string().nullable(),
  /** `checking`: everything has arrived, and the server compares it with its digest. */
  state: z.enum(['waking', 'downloading', 'checking', 'done', 'failed', 'cancelled']),
  /** The layers that the server has named so far; a later one adds to the total. */
  doneBytes: z.number(),
  totalBytes: z.number().nullable(),
  /** Over the last seconds; null until it can be told. */
  bytesPerSecond: z.number().nullable(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** Of a copy: whether both nodes now have the same files; null if it is not known. */
  sameFiles: z.boolean().nullable(),
  problem: z.object({ code: z.string(), message: messageSchema, next: messageSchema }).nullable(),
});
export type ModelPull = z.infer<typeof modelPullSchema>;
