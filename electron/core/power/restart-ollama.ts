/** A person restarts Ollama on a machine, by its agent. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import type { FleetService } from '../fleet/service.ts';
import type { PowerAgents } from './agents.ts';

export interface RestartDependencies {
  fleet: Pick<FleetService, 'require' | 'lookSoon'>;
  agents: Pick<PowerAgents, 'link' | 'view'>;
  activity: { record(entry: NewActivityEntry): void };
  holder(): string;
}

/** Rejects with NOT_FOUND, NO_AGENT, AGENT_REFUSED, NODE_ASLEEP, NOT_SUPPORTED, and as agents do. */
export async function restartOllama(
  { fleet, agents, activity, holder }: RestartDependencies,
  nodeId: string,
  signal: AbortSignal,
): Promise<void> {
  const node = fleet.require(nodeId);
  const link = agents.link(nodeId);
  if (link === null) {
    const unpaired = agents.view(nodeId) !== null;
    throw new PilotlightError(unpaired ? 'AGENT_REFUSED' : 'NO_AGENT', { details: { nodeId } });
  }
  if (!isServing(node.state) && node.state !== 'trouble' && agents.view(nodeId)?.state !== 'ok') {
    throw new PilotlightError('NODE_ASLEEP', { details: { nodeId } });
  }
  await link.restartOllama(signal);
  activity.record({
    kind: 'power',
    severity: 'info',
    message: `Ollama on ${node.name} was restarted.`,
    why: `Asked by ${holder()}.`,
    nodeId,
  });
  fleet.lookSoon(nodeId);
}
