/** Restarts Ollama on a machine through its agent. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { fact } from '../../../shared/models/message.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { type AwakeDependencies, requireAwake } from '../agents/awake.ts';
import type { FleetService } from '../fleet/service.ts';
import type { QuietNodes } from './quiet-nodes.ts';

/** Resolves with true once no request is in flight there, or with false after `deadlineMs`. */
export type DrainNode = (nodeId: string, deadlineMs: number, signal: AbortSignal) => Promise<boolean>;

/** A stuck server never finishes what it was asked, so the restart does not wait for long, milliseconds. */
const DRAIN_MS = 5000;

export interface RestartDependencies extends AwakeDependencies {
  fleet: Pick<FleetService, 'require' | 'probe' | 'probeSoon'>;
  agents: AgentAccess;
  activity: { record(entry: NewActivityEntry): void };
  holder(): string;
  quiet: Pick<QuietNodes, 'hold'>;
  drain: DrainNode;
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
  // New requests wait for the server instead of being cut off by its restart.
  using _ = await dependencies.quiet.hold(nodeId);
  await dependencies.drain(nodeId, DRAIN_MS, signal);
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
