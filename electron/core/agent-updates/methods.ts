import type { Handlers } from '../runtime/handlers.ts';
import type { AgentUpdatesService } from './service.ts';

type Names = 'agents.updates' | 'agents.update' | 'agents.cancelUpdates';

export function agentUpdateMethods({ agentUpdates }: { agentUpdates: AgentUpdatesService }): Handlers<Names> {
  return {
    'agents.updates': (_, { signal }) => agentUpdates.check(signal),
    'agents.update': ({ nodeIds = null, whenOn }, { signal }) =>
      agentUpdates.begin({ nodeIds, whenOn }, signal),
    'agents.cancelUpdates': () => agentUpdates.cancel(),
  };
}
