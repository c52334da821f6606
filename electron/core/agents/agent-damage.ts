/** Damaged files of the agents, as each agent reports them: recorded and notified once. */
import { plainText } from '../../../shared/models/message.ts';
import type { ActivityService } from '../activity/service.ts';
import type { FleetService } from '../fleet/service.ts';
import type { AgentAccess } from './agent-access.ts';

/** Returns how to stop. */
export function followAgentDamage({
  agents,
  fleet,
  activity,
}: {
  agents: Pick<AgentAccess, 'policyView' | 'onChange'>;
  fleet: Pick<FleetService, 'get'>;
  activity: Pick<ActivityService, 'record'>;
}): () => void {
  const reported = new Set<string>();
  return agents.onChange((nodeId) => {
    for (const { message, next } of agents.policyView(nodeId)?.problems ?? []) {
      const key = `${nodeId}: ${message}`;
      if (reported.has(key)) continue;
      reported.add(key);
      activity.record({
        kind: 'power',
        severity: 'warning',
        message: plainText(`The agent of ${fleet.get(nodeId)?.name ?? nodeId}: ${message}`),
        why: plainText(next),
        nodeId,
        notify: true,
      });
    }
  });
}
