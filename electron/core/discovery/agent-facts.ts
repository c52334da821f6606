/** Reads the machine of an agent, if there is a token for it. */
import type { FleetService } from '../fleet/service.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { AgentMachine, ConnectAgent } from '../ports/agents.ts';

/** null if no node with that agent has a token, and no pairing is waiting for its node. */
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
