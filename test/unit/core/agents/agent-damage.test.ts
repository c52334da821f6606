import { expect, test } from 'vitest';
import type { AgentLink } from '../../../../electron/core/ports/agents.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { createFakeAgents } from '../../../fakes/agent-link.ts';
import { createPowerWorld } from '../../../fakes/power-world.ts';

const problem = {
  code: 'FILE_DAMAGED',
  message: 'The file leases.jsonl was damaged and was renamed to leases.jsonl.corrupt-1.',
  next: 'The machine stays on until every panel has reported its leases again.',
};

test('what was damaged at an agent is shown, written down once, and notified', async () => {
  const world = createPowerWorld();
  await world.start();
  const id = await world.addWithAgent();
  expect(world.shutdown.get(id).agent?.problems).toBeUndefined();
  world.agent.policy = { ...world.agent.policy, problems: [problem], reasons: ['A file was damaged.'] };
  for (let turn = 0; turn < 3; turn += 1) {
    await world.agents.refresh(id);
    await world.clock.advance(60_000);
  }
  const { agent, whyOn } = world.shutdown.get(id);
  expect(agent?.problems).toEqual([problem]);
  expect(whyOn).toContain('A file was damaged.');
  const told = world.entries.filter(({ message }) => textOf(message).includes('leases.jsonl'));
  expect(told).toMatchObject([
    { kind: 'power', severity: 'warning', why: plainText(problem.next), nodeId: id, notify: true },
  ]);
  await world.stop();
});

test('a token that is missing is said on its machine, asleep or not', async () => {
  const world = createPowerWorld();
  await world.start();
  const { id } = world.fleet.add({
    url: 'http://192.168.7.20:11434',
    name: 'tower',
    agentUrl: 'http://192.168.7.20:8765',
  });
  await world.clock.advance(1000);
  expect(world.shutdown.get(id).agent).toMatchObject({
    state: 'refused',
    trouble: { code: 'AGENT_REFUSED' },
  });
  world.goOff();
  await world.clock.advance(60_000);
  expect(world.shutdown.get(id).agent).toMatchObject({ state: 'asleep', trouble: { code: 'AGENT_REFUSED' } });
  await world.stop();
});

test('what an agent has lost is put there again, and no lease ends because of it', async () => {
  const world = createPowerWorld();
  await world.start();
  const id = await world.addWithAgent();
  const lease = world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
  await world.clock.advance(5000);
  expect(world.shutdown.get(id).leases).toMatchObject([{ id: lease.id, mirrored: true }]);
  const { calls } = world.agent;
  const before = calls.length;
  // It was started again between two readings, without its files.
  world.agent.leases = [];
  world.agent.policy = { ...world.agent.policy, incomplete: true, reasons: ['A file was damaged.'] };
  await world.agents.refresh(id);
  await world.clock.advance(5000);
  const again = calls.slice(before);
  expect(again.findIndex((call) => call.startsWith('putLease'))).toBeGreaterThan(-1);
  expect(again.findIndex((call) => call.startsWith('putPolicy'))).toBeGreaterThan(
    again.findIndex((call) => call.startsWith('putLease')),
  );
  expect(world.shutdown.get(id).leases).toMatchObject([{ id: lease.id }]);
  // Waiting for another panel: nothing is put over and over.
  const settled = calls.filter((call) => call.startsWith('putPolicy')).length;
  for (let turn = 0; turn < 5; turn += 1) {
    await world.agents.refresh(id);
    await world.clock.advance(5000);
  }
  expect(calls.filter((call) => call.startsWith('putPolicy'))).toHaveLength(settled);
  await world.stop();
});

test('an agent that has lost its leases is told no policy before it has them all again', async () => {
  const agents = createFakeAgents();
  let full = false;
  const world = createPowerWorld({
    agents,
    connectAgent(options) {
      const link = agents.connectAgent(options);
      const putLease: AgentLink['putLease'] = async (...lease) => {
        if (full) throw new PilotlightError('AGENT_ERROR');
        await link.putLease(...lease);
      };
      return { ...link, putLease };
    },
  });
  await world.start();
  const id = await world.addWithAgent();
  world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
  await world.clock.advance(5000);
  const { calls } = world.agent;
  const before = calls.length;
  const policiesPut = () => calls.slice(before).filter((call) => call.startsWith('putPolicy'));
  full = true;
  world.agent.leases = [];
  world.agent.policy = { ...world.agent.policy, incomplete: true, reasons: ['A file was damaged.'] };
  await world.agents.refresh(id);
  await world.clock.advance(120_000);
  expect(policiesPut()).toEqual([]);
  full = false;
  await world.clock.advance(120_000);
  expect(world.agent.leases).toHaveLength(1);
  expect(policiesPut()).toHaveLength(1);
  await world.stop();
});
