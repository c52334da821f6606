/** Withdraws from the agent of a node that is removed or gets another agent. */
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { LeaseMirror } from './lease-mirror.ts';
import type { Withdrawals } from './withdrawals.ts';

export interface LeaveDependencies {
  fleet: Pick<FleetService, 'record' | 'agentToken'>;
  agents: Pick<AgentAccess, 'agentId'>;
  mirror: LeaseMirror;
  withdrawals: Withdrawals;
  shutdownBy(nodeId: string): NodePower['means'];
}

/** Called before the node loses that agent. Throws DISK_FULL without changing anything. */
export function leaveAgent(
  { fleet, agents, mirror, withdrawals, shutdownBy }: LeaveDependencies,
  nodeId: string,
): void {
  const record = fleet.record(nodeId);
  const token = fleet.agentToken(nodeId);
  // A simulated machine returns unchanged. Without the power role or a token, nothing was put there.
  if (!record?.agentUrl || record.kind === 'simulated' || token === null || shutdownBy(nodeId) !== 'agent')
    return;
  withdrawals.add({
    url: record.agentUrl,
    token,
    agentId: agents.agentId(nodeId),
    name: record.name,
    leases: mirror.mayHold(nodeId),
  });
  mirror.detach(nodeId);
}

/** Nodes that have this agent: by its address, by its id, or by its token if it reports no id. */
export function nodesOfAgent(
  { fleet, agents }: { fleet: Pick<FleetService, 'records' | 'agentToken'>; agents: AgentAccess },
  agent: { url: string; agentId: string | null; token: string },
): string[] {
  const key = sameServerKey(agent.url);
  return fleet.records().flatMap(({ record: { id, agentUrl } }) => {
    const token = agentUrl === null ? null : fleet.agentToken(id);
    if (agentUrl === null || token === null) return [];
    const known = agents.agentId(id);
    const same =
      known !== null && agent.agentId !== null
        ? known === agent.agentId
        : token === agent.token && agents.view(id)?.state === 'ok';
    return same || sameServerKey(agentUrl) === key ? [id] : [];
  });
}
