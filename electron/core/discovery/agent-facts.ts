/** What an agent says of its machine, with the token that we have for it. */
import type { FleetService } from '../fleet/service.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { AgentMachine, ConnectAgent } from '../ports.ts';

/** null where no node with that agent has a token. */
export function createAgentFacts({
  connectAgent,
  fleet,
}: {
  connectAgent: ConnectAgent;
  fleet: Pick<FleetService, 'list' | 'agentToken'>;
}): (url: string, signal: AbortSignal) => Promise<AgentMachine | null> {
  return async (url, signal) => {
    const key = sameServerKey(url);
    const node = fleet.list().find(({ agentUrl }) => agentUrl !== null && sameServerKey(agentUrl) === key);
    const token = node ? fleet.agentToken(node.id) : null;
    if (token === null) return null;
    return (await connectAgent({ url, token }).machine(signal)).machine;
  };
}
