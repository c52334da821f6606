import type { AgentUpdates } from '../../shared/models/agent-updates.ts';
import { createStreamStore } from './keyed.ts';

export const agentUpdatesStore = createStreamStore('agentUpdates');

/** null until somebody has asked for them. */
export const useAgentUpdates = (): AgentUpdates | null =>
  agentUpdatesStore.use((state) => state.entries.state ?? null);
