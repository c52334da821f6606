/** Records damaged files that agents report, once each. */
import { fact, plainText } from '../../../shared/models/message.ts';
import type { ActivityService } from '../activity/service.ts';
import type { FleetService } from '../fleet/service.ts';
import type { AgentAccess } from './agent-access.ts';

/** Returns a function that stops it. */
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
        message: fact('AGENT_DAMAGED', { node: fleet.get(nodeId)?.name ?? nodeId, text: message }),
        why: plainText(next),
        nodeId,
        notify: true,
      });
    }
  });
}
