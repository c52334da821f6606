/** The agents of a fleet, in each state that the panel has words for. */
import type { AgentUpdates, AgentUpdateView } from '../../../shared/models/agent-updates.ts';
import { fact } from '../../../shared/models/message.ts';
import type { BridgeScene } from './bridge-core.ts';
import { node, scene } from './scenes.ts';

const agent = (name: string, state: AgentUpdateView['state'], patch: Partial<AgentUpdateView> = {}) => ({
  ...{ nodeId: name, name, version: '1.1.0', state, why: null, trouble: null, progress: null },
  ...patch,
});

function agentsScene(updates: AgentUpdates): BridgeScene {
  const made = scene([node('lab-1', 'serving')], { agentUpdates: [['state', updates]] });
  const results = { 'agents.updates': updates, 'agents.update': updates, 'agents.cancelUpdates': updates };
  return { ...made, results: { ...made.results, ...results } };
}

const waiting = [
  agent('lab-2', 'waiting', {
    why: fact('AGENT_UPDATE_LEASED', { holder: 'Ann', purpose: 'index of Notes' }),
  }),
  agent('the very old gaming computer under the desk in the cellar-02', 'waiting', {
    why: fact('AGENT_UPDATE_ASLEEP'),
  }),
  agent('nas', 'other', { why: fact('AGENT_UPDATE_BY_IMAGE') }),
  agent('old-box', 'other', { version: '0.9.0', why: fact('AGENT_UPDATE_TOO_OLD', { version: '0.9.0' }) }),
];

export const agentsOld = agentsScene({
  ...{ version: '1.2.0', noRelease: null, run: 'none' },
  agents: [agent('lab-1', 'old'), ...waiting, agent('new-box', 'current', { version: '1.2.0' })],
});

export const agentsRunning = agentsScene({
  ...{ version: '1.2.0', noRelease: null, run: 'running' },
  agents: [
    agent('lab-0', 'updated', { version: '1.2.0' }),
    agent('lab-1', 'sending', { progress: 0.4 }),
    agent('lab-3', 'restarting'),
    ...waiting,
  ],
});

export const agentsStopped = agentsScene({
  ...{ version: '1.2.0', noRelease: null, run: 'stopped' },
  agents: [
    agent('lab-0', 'updated', { version: '1.2.0' }),
    agent('lab-1', 'failed', {
      trouble: {
        code: 'AGENT_UPDATE_FAILED',
        message:
          'Version 1.2.0 did not run well there (ENDED), so the agent went back to the version before.',
        next: 'Read the reason. The log of the agent on that machine says more.',
      },
    }),
  ],
});

export const agentsWithoutRelease = agentsScene({
  ...{ version: null, noRelease: fact('AGENT_NO_RELEASE'), run: 'none' },
  agents: [agent('lab-1', 'current')],
});
