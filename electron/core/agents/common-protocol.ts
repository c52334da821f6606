/** What the versions of this core and of an agent have in common. Pure. */
import {
  type AgentAbility,
  abilitiesMissing,
  agentProtocol,
  agreeOnProtocol,
} from '../../../shared/contract/agent/protocol.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { AgentHealth } from '../ports/agents.ts';

/** Throws AGENT_TOO_OLD, PANEL_TOO_OLD. */
export function requireCommonProtocol(health: AgentHealth | null): void {
  if (health === null) return;
  const agreed = agreeOnProtocol(agentProtocol, health.protocol);
  if ('version' in agreed) return;
  throw new PilotlightError(agreed.tooOld === 'core' ? 'PANEL_TOO_OLD' : 'AGENT_TOO_OLD');
}

/** Nothing while it is not known. */
export function missingAbilities(health: AgentHealth | null): AgentAbility[] {
  if (health === null) return [];
  const agreed = agreeOnProtocol(agentProtocol, health.protocol);
  return 'version' in agreed ? abilitiesMissing(agreed.version) : [];
}
