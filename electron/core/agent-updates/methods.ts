import type { Handlers } from '../runtime/handlers.ts';
import type { AgentInstallService } from './install.ts';
import type { AgentUpdatesService } from './service.ts';

type Names =
  | 'agents.updates'
  | 'agents.update'
  | 'agents.cancelUpdates'
  | 'agents.installFiles'
  | 'agents.installLink';

export function agentUpdateMethods({
  agentUpdates,
  agentInstall,
}: {
  agentUpdates: AgentUpdatesService;
  agentInstall: AgentInstallService;
}): Handlers<Names> {
  return {
    'agents.updates': (_, { signal }) => agentUpdates.check(signal),
    'agents.update': ({ nodeIds = null, whenOn }, { signal }) =>
      agentUpdates.begin({ nodeIds, whenOn }, signal),
    'agents.installFiles': (_, { signal }) => agentInstall.view(signal),
    'agents.installLink': (wanted, { credentialId, signal }) =>
      agentInstall.link(wanted, credentialId, signal),
    'agents.cancelUpdates': () => agentUpdates.cancel(),
  };
}
