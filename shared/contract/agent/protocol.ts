/**
 * Versions of the agent's protocol. Each side says which it speaks: the agent in `/health`, the core in a header of every
 * request. They use the newest that both know. A change of the contract is a new version, with a new recording
 * (test/recordings/agent), and the versions before it keep their meaning.
 */

export interface ProtocolRange {
  oldest: number;
  newest: number;
}

/** Of this version of Pilotlight, for its core and its agent alike. */
export const agentProtocol: ProtocolRange = { oldest: 1, newest: 2 };

/** Of an agent or a core that doesn't say: the versions before protocols were numbered. */
export const unsaidProtocol: ProtocolRange = { oldest: 1, newest: 1 };

export const PROTOCOL_HEADER = 'pilotlight-protocol';

/** What later versions of the protocol brought, and in which. */
const abilitiesSince = { update: 2 } as const;
export type AgentAbility = keyof typeof abilitiesSince;

export const agentAbilities = Object.keys(abilitiesSince) as AgentAbility[];

/** What an agent with this version can't do. */
export const abilitiesMissing = (version: number): AgentAbility[] =>
  agentAbilities.filter((ability) => abilitiesSince[ability] > version);

/** The newest version that both speak; otherwise which of them is too old. */
export function agreeOnProtocol(
  core: ProtocolRange,
  agent: ProtocolRange,
): { version: number } | { tooOld: 'core' | 'agent' } {
  const version = Math.min(core.newest, agent.newest);
  if (version >= core.oldest && version >= agent.oldest) return { version };
  return { tooOld: core.newest < agent.oldest ? 'core' : 'agent' };
}

export const formatProtocol = ({ oldest, newest }: ProtocolRange): string => `${oldest}-${newest}`;

/** null for anything else. */
export function parseProtocol(text: string): ProtocolRange | null {
  const [, oldest, newest] = /^(\d{1,6})-(\d{1,6})$/.exec(text) ?? [];
  const range = { oldest: Number(oldest), newest: Number(newest) };
  return range.oldest >= 1 && range.newest >= range.oldest ? range : null;
}
