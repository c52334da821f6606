/** Which agents may be updated now, which wait and for what, and which are updated in another way. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { NodeState } from '../../../shared/models/node-state.ts';
import { fileFor } from '../../../shared/update-decision.ts';
import { compareVersions, isVersion } from '../../../shared/version.ts';
import type { AgentRelease } from '../ports/agent-releases.ts';
import type { AgentUpdate } from '../ports/agents.ts';

export interface AgentFacts {
  state: NodeState;
  isWaking: boolean;
  /** Whether the agent answers with our token. */
  isReached: boolean;
  /** `old`: it has no such path. null if it was not read in this contact. */
  update: AgentUpdate | 'old' | null;
  version: string | null;
  /** Live leases of this panel and of others. */
  leases: readonly { holder: string; purpose: string }[];
}

export type AgentVerdict =
  | { do: 'update' }
  | { do: 'wait'; why: Message }
  /** Nothing will change that by itself. */
  | { do: 'other'; why: Message }
  | { do: 'current' };

export function decideAgent(
  facts: AgentFacts,
  release: Pick<AgentRelease, 'version' | 'files'>,
): AgentVerdict {
  const { update, version } = facts;
  const known = update !== null && update !== 'old' ? update.version : version;
  if (known !== null && isVersion(known) && compareVersions(known, release.version) >= 0)
    return { do: 'current' };
  const away = awayFor(facts);
  if (away !== null) return { do: 'wait', why: away };
  if (update === 'old') return { do: 'other', why: fact('AGENT_UPDATE_TOO_OLD', { version: version ?? '' }) };
  if (update === null) return { do: 'wait', why: fact('AGENT_UPDATE_NOT_READ') };
  const other = otherWay(update, release);
  if (other !== null) return { do: 'other', why: other };
  const use = inUse(facts, update);
  return use === null ? { do: 'update' } : { do: 'wait', why: use };
}

function awayFor({ state, isWaking, isReached }: AgentFacts): Message | null {
  if (isWaking || state === 'waking' || state === 'booting') return fact('AGENT_UPDATE_WAKING');
  if (isReached) return null;
  if (state === 'off') return fact('AGENT_UPDATE_ASLEEP');
  return fact('AGENT_UPDATE_UNREACHED');
}

function otherWay(update: AgentUpdate, { files }: Pick<AgentRelease, 'files'>): Message | null {
  const { way, os, arch } = update;
  switch (way) {
    case 'panel':
      return fileFor({ files: [...files] }, { kind: 'agent', os, arch, form: 'file' }) === null
        ? fact('AGENT_UPDATE_NO_FILE', { system: `${os} ${arch}` })
        : null;
    case 'package':
      return fact('AGENT_UPDATE_BY_PACKAGE');
    case 'container':
      return fact('AGENT_UPDATE_BY_IMAGE');
    case 'script':
      return fact('AGENT_UPDATE_BY_INSTALL');
    case 'source':
      return fact('AGENT_UPDATE_BY_SOURCE');
    case 'host':
      return fact('AGENT_UPDATE_BY_HOST');
    default:
      return fact('AGENT_UPDATE_BY_OTHER', { way });
  }
}

/** Why it is in use, by what the core knows and what the agent reports; null if it is free. */
function inUse({ leases }: AgentFacts, { busy, state }: AgentUpdate): Message | null {
  const [lease] = leases;
  if (lease !== undefined) return fact('AGENT_UPDATE_LEASED', lease);
  const [reason] = busy;
  if (reason !== undefined) return fact('AGENT_UPDATE_BUSY', { reason: reason.message });
  return state === 'starting' ? fact('AGENT_UPDATE_STARTING') : null;
}

/** Those that can be updated now first, in the order of the fleet: a machine that waits holds up none. */
export function nextToUpdate<Agent extends { verdict: AgentVerdict }>(
  agents: readonly Agent[],
): Agent | null {
  return agents.find(({ verdict }) => verdict.do === 'update') ?? null;
}
