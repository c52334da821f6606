/** The words of the list of agents. */
import type { AgentUpdates, AgentUpdateView } from '../../../shared/models/agent-updates.ts';
import { formatPercent, plural } from '../../../shared/units.ts';

const stateNames: Record<AgentUpdateView['state'], string> = {
  current: 'Up to date',
  old: 'Update available',
  waiting: 'Waiting',
  other: 'Not from here',
  sending: 'Sending',
  restarting: 'Restarting',
  updated: 'Updated',
  failed: 'Failed',
};

export const stateText = ({ state, progress }: AgentUpdateView): string =>
  progress === null ? stateNames[state] : `${stateNames[state]}, ${formatPercent(progress)}`;

/** Those that a run would update now or later. */
export const updatable = ({ agents }: Pick<AgentUpdates, 'agents'>): AgentUpdateView[] =>
  agents.filter(({ state }) => state === 'old' || state === 'waiting' || state === 'failed');

/** What the last run came to; null where there is nothing to say. */
export function runText({ run, agents, version }: AgentUpdates): string | null {
  const done = agents.filter(({ state }) => state === 'updated').length;
  const updated = `${plural(done, 'agent')} updated to ${version ?? 'the release'}`;
  switch (run) {
    case 'none':
      return null;
    case 'running':
      return 'Updating agents, one at a time';
    case 'done':
      return done === 0 ? null : updated;
    case 'cancelled':
      return `Cancelled. ${updated}.`;
    case 'stopped':
      return `Stopped, because an agent failed. ${updated}.`;
  }
}
