/** What can power each node off: its agent, a shutdown server, or the simulator. */
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import { chooseShutdownBy } from './policy.ts';

export interface ShutdownByDependencies {
  fleet: Pick<FleetService, 'record' | 'simulatedMachine'>;
  agents: Pick<AgentAccess, 'link' | 'view'>;
}

export function createShutdownBy({
  fleet,
  agents,
}: ShutdownByDependencies): (nodeId: string) => NodePower['means'] {
  return (nodeId) => {
    const roles = agents.link(nodeId) === null ? null : (agents.view(nodeId)?.roles ?? []);
    return chooseShutdownBy({
      agent: roles === null ? null : { roles },
      shutdownUrl: fleet.record(nodeId)?.shutdownUrl ?? null,
      simulated: fleet.simulatedMachine(nodeId) !== null,
    });
  };
}
