/** Checks that a machine is on before a call that needs it; it may have been turned on since the last probe. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { AgentView } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { AgentAccess } from './agent-access.ts';

export interface AwakeDependencies {
  clock: Pick<Clock, 'timer'>;
  fleet: Pick<FleetService, 'require' | 'probe'>;
  agents: AgentAccess;
}

const DEADLINE_MS = 4000;

/** Probes its server and agent unless it is known to be on. Rejects with NOT_FOUND and the signal's reason. */
export async function isAwake(
  { clock, fleet, agents }: AwakeDependencies,
  nodeId: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (isOn(fleet.require(nodeId), agents.view(nodeId))) return true;
  const [, agent] = await Promise.allSettled([
    fleet.probe(nodeId),
    agents.link(nodeId) === null
      ? Promise.reject(new Error('It has no agent.'))
      : // Most unreachable machines send nothing, so a deadline is needed.
        withDeadline(clock, DEADLINE_MS, signal, (limited) => agents.probe(nodeId, limited)),
  ]);
  signal.throwIfAborted();
  // The agent's answer counts even if the machine's server is not up yet.
  const answered = agent.status === 'fulfilled';
  if (answered) await agents.refresh(nodeId).catch(() => {});
  signal.throwIfAborted();
  return answered || isOn(fleet.require(nodeId), agents.view(nodeId));
}

/** Rejects with NOT_FOUND, NODE_ASLEEP and the signal's reason. */
export async function requireAwake(
  dependencies: AwakeDependencies,
  nodeId: string,
  signal: AbortSignal,
): Promise<void> {
  if (!(await isAwake(dependencies, nodeId, signal)))
    throw new PilotlightError('NODE_ASLEEP', { details: { nodeId } });
}

/** Whether the machine is on, as far as its server and agent show. */
export function isOn(node: NodeView, agent: AgentView | null): boolean {
  return isServing(node.state) || node.state === 'trouble' || agent?.state === 'ok';
}
