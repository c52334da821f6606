/** Restarts Ollama on a machine through its agent. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { fact } from '../../../shared/models/message.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { type AwakeDependencies, requireAwake } from '../agents/awake.ts';
import type { FleetService } from '../fleet/service.ts';

export interface RestartDependencies extends AwakeDependencies {
  fleet: Pick<FleetService, 'require' | 'probe' | 'probeSoon'>;
  agents: AgentAccess;
  activity: { record(entry: NewActivityEntry): void };
  holder(): string;
}

/** Rejects with NOT_FOUND, NO_AGENT, AGENT_REFUSED, NODE_ASLEEP, NOT_SUPPORTED, and as the agent's calls do. */
export async function restartOllama(
  dependencies: RestartDependencies,
  nodeId: string,
  signal: AbortSignal,
): Promise<void> {
  const { fleet, agents, activity, holder } = dependencies;
  const { name } = fleet.require(nodeId);
  const link = agents.link(nodeId);
  if (link === null) {
    const unpaired = agents.view(nodeId) !== null;
    throw new PilotlightError(unpaired ? 'AGENT_REFUSED' : 'NO_AGENT', { details: { nodeId } });
  }
  await requireAwake(dependencies, nodeId, signal);
  await link.restartOllama(signal);
  activity.record({
    kind: 'power',
    severity: 'info',
    message: fact('OLLAMA_RESTARTED', { node: name }),
    why: fact('REQUESTED_BY', { by: holder() }),
    nodeId,
  });
  fleet.probeSoon(nodeId);
}
