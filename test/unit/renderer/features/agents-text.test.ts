import { describe, expect, it } from 'vitest';
import { runText, stateText, updatable } from '../../../../renderer/features/agents/agents-text.ts';
import type { AgentUpdates, AgentUpdateView } from '../../../../shared/models/agent-updates.ts';

const agent = (state: AgentUpdateView['state'], progress: number | null = null): AgentUpdateView => ({
  ...{ nodeId: state, name: state, version: '1.1.0', why: null, trouble: null },
  ...{ state, progress },
});
const updates = (run: AgentUpdates['run'], ...agents: AgentUpdateView[]): AgentUpdates => ({
  ...{ version: '1.2.0', noRelease: null, run, agents },
});

describe('the list of agents', () => {
  it('says how far the file is', () => {
    expect(stateText(agent('sending', 0.5))).toBe('Sending, 50%');
    expect(stateText(agent('current'))).toBe('Up to date');
  });

  it('offers to update those that are old, wait or failed', () => {
    const states = ['current', 'old', 'waiting', 'other', 'updated', 'failed'] as const;
    const all = updates('none', ...states.map((state) => agent(state)));
    expect(updatable(all).map(({ state }) => state)).toEqual(['old', 'waiting', 'failed']);
  });

  it('says what a run came to', () => {
    expect(runText(updates('none', agent('old')))).toBeNull();
    expect(runText(updates('done', agent('current')))).toBeNull();
    expect(runText(updates('done', agent('updated')))).toBe('1 agent updated to 1.2.0');
    expect(runText(updates('stopped', agent('updated'), agent('failed')))).toContain('Stopped');
    expect(runText(updates('cancelled'))).toContain('0 agents');
  });
});
