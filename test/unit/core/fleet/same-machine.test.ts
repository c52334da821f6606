/** Several nodes on one machine go off together: what any of them is needed for keeps it on. */

import { afterEach, describe, expect, test } from 'vitest';
import { strictestPolicy } from '../../../../electron/core/policies/policy.ts';
import { fact } from '../../../../shared/models/message.ts';
import { defaultPowerPolicy } from '../../../../shared/models/power.ts';
import { agentUrl, createPowerWorld, shutdownUrl } from '../../../fakes/power-world.ts';

const minute = 60_000;
const { signal } = new AbortController();
const always = { powerOff: 'always', action: 'shutdown', idleMinutes: 2, countdownSeconds: 60 } as const;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function startedWorld() {
  const world = createPowerWorld();
  worlds.push(world);
  await world.start();
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

type OtherNode = { url: string; mac?: string; shutdownUrl?: string };
const sameHost: OtherNode = { url: 'http://192.168.7.20:8000' };
const others: [string, OtherNode][] = [
  ['with the same host', sameHost],
  ['with the same shutdown server', { url: 'http://tower.lan:8000', shutdownUrl }],
  ['with the same network card', { url: 'http://tower.lan:8000', mac: '02:00:00:00:00:07' }],
];

describe('another node on the machine of a shutdown server', () => {
  async function twoNodes(other: OtherNode = sameHost) {
    const world = await startedWorld();
    const id = await world.addServed({ mac: '02:00:00:00:00:07' });
    const { id: second } = world.fleet.add({ name: 'second', ...other });
    await world.clock.advance(1000);
    world.shutdown.setPolicy(id, always);
    return { ...world, id, second };
  }

  test('is idle as well: it goes off', async () => {
    const world = await twoNodes();
    await world.clock.advance(5 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test.each(others)('%s keeps it on while it is needed, with the reason', async (_, other) => {
    const world = await twoNodes(other);
    const lease = world.leases.ledger.hold({ nodeId: world.second, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(10 * minute);
    expect(world.shutdowns()).toEqual([]);
    expect(world.shutdown.get(world.id).whyOn).toMatchObject([
      { code: 'SAME_MACHINE_AS', params: { node: 'second' } },
    ]);
    expect(world.shutdown.get(world.id)).toMatchObject({ offAt: null, idleSince: null });
    await expect(
      world.shutdown.powerOff({ nodeId: world.id, force: false, countdownSeconds: 0 }, signal),
    ).rejects.toMatchObject({ code: 'IN_USE' });
    lease[Symbol.dispose]();
    await world.clock.advance(5 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('is waited for as long as the policy asks after its last need', async () => {
    const world = await twoNodes();
    world.shutdown.setPolicy(world.id, { idleMinutes: 10 });
    await world.clock.advance(8 * minute);
    world.leases.ledger
      .hold({ nodeId: world.second, kind: 'job', purpose: 'index "Notes"' })
      [Symbol.dispose]();
    await world.clock.advance(9 * minute);
    expect(world.shutdowns()).toEqual([]);
  });

  test('ends its countdown when it comes to be needed', async () => {
    const world = await twoNodes();
    await world.clock.advance(2.5 * minute);
    expect(world.shutdown.get(world.id).countdown).not.toBeNull();
    world.leases.ledger.hold({ nodeId: world.second, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(2 * minute);
    expect(world.shutdowns()).toEqual([]);
  });

  test('keeps it on by its own policy, and by an agent that decides', async () => {
    const world = await twoNodes();
    world.shutdown.setPolicy(world.second, { powerOff: 'never' });
    await world.clock.advance(10 * minute);
    expect(world.shutdowns()).toEqual([]);
    expect(world.shutdown.get(world.id).whyOn).toEqual([fact('IDLE_OTHER_NODE')]);
    world.fleet.update(world.second, { agentUrl, agentToken: 'right-token' });
    world.shutdown.setPolicy(world.second, { powerOff: 'always' });
    await world.clock.advance(10 * minute);
    expect(world.shutdowns()).toEqual([]);
  });

  test.each([
    ['another network card', { url: sameHost.url, mac: '02:00:00:00:00:08' }],
    ['another address', { url: 'http://192.168.7.21:11434' }],
  ])('is another machine with %s', async (_, other) => {
    const world = await twoNodes(other);
    world.leases.ledger.hold({ nodeId: world.second, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(5 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });
});

describe('a shutdown server beside an agent whose token is not known', () => {
  test('stays on by policy, with the reason: the agent knows who needs the machine', async () => {
    const world = await startedWorld();
    const id = await world.addServed({ agentUrl });
    world.shutdown.setPolicy(id, always);
    await world.clock.advance(30 * minute);
    expect(world.shutdowns()).toEqual([]);
    expect(world.shutdown.get(id).whyOn).toEqual([fact('AGENT_SILENT')]);
    expect(world.shutdown.get(id).offAt).toBeNull();
  });

  test('goes off where that agent has nothing to do with power', async () => {
    const world = await startedWorld();
    world.agent.health = { ...world.agent.health, roles: ['relay'] };
    const id = await world.addServed({ agentUrl });
    world.shutdown.setPolicy(id, always);
    await world.clock.advance(5 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });
});

describe('two nodes with one agent', () => {
  test('have the stricter of their policies there, whichever was put last', async () => {
    const world = await startedWorld();
    const first = await world.addWithAgent();
    const { id: second } = world.fleet.add({ ...sameHost, agentUrl, agentToken: 'right-token' });
    await world.clock.advance(2000);
    const [panel] = world.agent.policies.keys();
    const there = () => world.agent.policies.get(panel ?? '');
    world.shutdown.setPolicy(first, { powerOff: 'never' });
    await world.clock.advance(2000);
    world.shutdown.setPolicy(second, { powerOff: 'always' });
    await world.clock.advance(2000);
    expect(there()).toMatchObject({ finishAlone: false });
    world.fleet.remove(first);
    await world.clock.advance(2 * minute);
    expect(there()).toMatchObject({ finishAlone: true, onlyIfWoken: false });
  });

  test('the stricter is the one that keeps it on longer, in each respect', () => {
    const mild = { ...defaultPowerPolicy, powerOff: 'never', action: 'sleep', idleMinutes: 5 } as const;
    const hard = { ...defaultPowerPolicy, ...always, respectUsers: false, idleMinutes: 30 };
    const both = { powerOff: 'never', action: 'sleep', idleMinutes: 30, respectUsers: true };
    expect(strictestPolicy(mild, [hard])).toMatchObject(both);
    expect(strictestPolicy(hard, [mild])).toMatchObject(both);
  });
});
