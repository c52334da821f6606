/** What an agent says of its machine, with the token that we have for it. */
import type { FleetService } from '../fleet/service.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { AgentMachine, ConnectAgent } from '../ports/agents.ts';

/** null where neither a node with that agent has a token, nor a pairing that waits for its node. */
export function createAgentFacts({
  connectAgent,
  pairedToken,
  fleet,
}: {
  connectAgent: ConnectAgent;
  pairedToken(url: string): string | null;
  fleet: Pick<FleetService, 'list' | 'agentToken'>;
}): (url: string, signal: AbortSignal) => Promise<AgentMachine | null> {
  return async (url, signal) => {
    const key = sameServerKey(url);
    const node = fleet.list().find(({ agentUrl }) => agentUrl !== null && sameServerKey(agentUrl) === key);
    const token = (node ? fleet.agentToken(node.id) : null) ?? pairedToken(url);
    if (token === null) return null;
    return (await connectAgent({ url, token }).machine(signal)).machine;
  };
}
