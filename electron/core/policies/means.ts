/** Who can power each node off. */
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import { meansOf } from './policy.ts';

export interface MeansDependencies {
  fleet: Pick<FleetService, 'record' | 'simulatedMachine'>;
  agents: Pick<AgentAccess, 'link' | 'view'>;
}

export function createMeans({ fleet, agents }: MeansDependencies): (nodeId: string) => NodePower['means'] {
  return (nodeId) => {
    const roles = agents.link(nodeId) === null ? null : (agents.view(nodeId)?.roles ?? []);
    return meansOf({
      agent: roles === null ? null : { roles },
      shutdownUrl: fleet.record(nodeId)?.shutdownUrl ?? null,
      simulated: fleet.simulatedMachine(nodeId) !== null,
    });
  };
}
