/** The versions of the agents of the fleet, and the run that updates them one by one. */
import * as z from 'zod';
import { messageSchema } from './message.ts';
import { troubleSchema } from './node-state.ts';

export const agentUpdateSchema = z.object({
  nodeId: z.string(),
  name: z.string(),
  /** null if it was never read. */
  version: z.string().nullable(),
  /**
   * `old`: it can be updated now. `waiting`: later, and `why` says for what. `other`: not from here, and `why` says how.
   * `sending`, `restarting`, `updated`, `failed`: in the run that is under way, or in the last one.
   */
  state: z.enum(['current', 'old', 'waiting', 'other', 'sending', 'restarting', 'updated', 'failed']),
  why: messageSchema.nullable(),
  /** Of `failed`. */
  trouble: troubleSchema.nullable(),
  /** Share of the file that has been sent, 0 to 1; null outside `sending`. */
  progress: z.number().nullable(),
});
export type AgentUpdateView = z.infer<typeof agentUpdateSchema>;

export const agentUpdatesSchema = z.object({
  /** The version that agents are updated to; null if there is no release here. */
  version: z.string().nullable(),
  /** Why there is none. */
  noRelease: messageSchema.nullable(),
  run: z.enum(['none', 'running', 'done', 'stopped', 'cancelled']),
  agents: z.array(agentUpdateSchema),
});
export type AgentUpdates = z.infer<typeof agentUpdatesSchema>;
