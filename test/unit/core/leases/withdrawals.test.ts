import { afterEach, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { gone } from '../../../fakes/agent-link.ts';
import { agentUrl, createPowerWorld, towerUrl } from '../../../fakes/power-world.ts';
import { createMemorySecrets } from '../../../fakes/secrets.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const newUrl = 'http://192.168.7.21:8765';
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function startedWorld(options: Parameters<typeof createPowerWorld>[0] = {}) {
  const world = createPowerWorld(options);
  worlds.push(world);
  await world.start();
  return world;
}

/** A node with a policy and a lease on its agent. */
async function governedWorld(options: Parameters<typeof createPowerWorld>[0] = {}) {
  const world = await startedWorld(options);
  const id = await world.addWithAgent();
  world.shutdown.setPolicy(id, { powerOff: 'always', idleMinutes: 3 });
  const { id: leaseId } = world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a film' });
  await world.clock.advance(1000);
  const panel = world.store.power.panelId();
  expect([...world.agent.policies.keys()]).toEqual([panel]);
  expect(world.agent.leases).toMatchObject([{ id: leaseId }]);
  return { ...world, id, leaseId, panel };
}

function goAway(world: Pick<Awaited<ReturnType<typeof startedWorld>>, 'agent' | 'goOff'>) {
  world.agent.answer = gone();
  world.agent.endStreams();
  world.goOff();
}

/** The state of an agent that holds nothing of this panel, and of a core that has nothing left to do there. */
function expectNothingLeft(world: Awaited<ReturnType<typeof startedWorld>>) {
  expect(world.agent.leases).toEqual([]);
  expect([...world.agent.policies.keys()]).toEqual([]);
  expectNoDuty(world);
}

function expectNoDuty({ store, secrets, notices }: Awaited<ReturnType<typeof startedWorld>>) {
  expect(store.power.withdrawals()).toEqual([]);
  expect([...secrets.values.keys()].filter((name) => name.startsWith('withdrawal.'))).toEqual([]);
  expect(notices.current().notices).toEqual([]);
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

describe('a node that is removed', () => {
  test('leaves nothing at its agent, in memory or on disk', async () => {
    const world = await governedWorld();
    world.fleet.remove(world.id);
    expect(world.leases.ledger.list()).toEqual([]);
    expect(world.policies.isSet(world.id)).toBe(false);
    expect(world.store.power.openLeases()).toEqual([]);
    expect(world.store.power.policies()).toEqual([]);
    await world.clock.advance(1000);
    expectNothingLeft(world);
    await world.clock.advance(3 * 60 * minute);
    expectNothingLeft(world);
  });

  test.each([
    ['putPolicy', 'before'],
    ['putPolicy', 'after'],
    ['putLease', 'before'],
    ['putLease', 'after'],
    ['endLease', 'before'],
    ['woken', 'before'],
  ] as const)('while %s is in flight (%s) leaves nothing either', async (call, when) => {
    const world = await governedWorld();
    const release = world.agent.hold(call, when);
    world.shutdown.setPolicy(world.id, { idleMinutes: 7 });
    world.leases.keepAwake({ nodeId: world.id, until: null, purpose: 'a game' });
    world.leases.ledger.end(world.leaseId);
    await world.clock.advance(1000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    release();
    await world.clock.advance(1000);
    expectNothingLeft(world);
  });

  test('is not laid on its agent again by an event that comes late', async () => {
    const world = await governedWorld();
    const calls = () => world.agent.calls.filter((call) => call.startsWith('put')).length;
    const before = calls();
    world.fleet.remove(world.id);
    world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'index "Notes"' });
    world.policies.set(world.id, { idleMinutes: 9 });
    world.policies.forget(world.id);
    world.settings.update({ power: { helloPort: 9000 } });
    world.agent.tellNews();
    world.agent.describe({ bootId: 'boot-2' });
    await world.clock.advance(10 * minute);
    expect(calls()).toBe(before);
    expect(world.agent.leases).toEqual([]);
    expect([...world.agent.policies.keys()]).toEqual([]);
  });

  test('keeps the policy and the leases of another panel', async () => {
    const world = await governedWorld();
    const policy = world.agent.policies.get(world.panel);
    if (policy) world.agent.policies.set('panel-other', policy);
    const other = { holder: 'Ben', purpose: 'a render', ttlSeconds: 7200, remainingSeconds: 7000 };
    world.agent.leases = [...world.agent.leases, { id: 'lease_ben', ...other }];
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    expect([...world.agent.policies.keys()]).toEqual(['panel-other']);
    expect(world.agent.leases.map(({ id }) => id)).toEqual(['lease_ben']);
  });

  test('keeps the policy where another node has the same agent', async () => {
    const world = await governedWorld();
    const second = world.fleet.add({ url: null, name: 'tower, again', agentUrl, agentToken: 'right-token' });
    await world.clock.advance(1000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    expect(world.agent.policies.get(world.panel)).toMatchObject({ idleMinutes: 15 });
    expect(world.agent.leases).toEqual([]);
    world.fleet.remove(second.id);
    await world.clock.advance(1000);
    expectNothingLeft(world);
  });

  test('stays as it is where the disk is full', async () => {
    const world = await governedWorld();
    world.secrets.failing = true;
    expect(() => world.fleet.remove(world.id)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    world.secrets.failing = false;
    await world.clock.advance(30 * minute);
    expect(world.fleet.get(world.id)).not.toBeNull();
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    expect(world.shutdown.get(world.id).leases).toMatchObject([{ id: world.leaseId, mirrored: true }]);
    expectNoDuty(world);
  });

  test('governs its agent on where only the node itself could not be removed', async () => {
    const world = await governedWorld();
    world.saved.delete = () => {
      throw new PilotlightError('DISK_FULL');
    };
    expect(() => world.fleet.remove(world.id)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    await world.clock.advance(30 * minute);
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    expect(world.shutdown.get(world.id).leases).toMatchObject([{ id: world.leaseId, mirrored: true }]);
    expect(world.store.power.withdrawals()).toEqual([]);
  });
});

describe('a node whose agent counts down', () => {
  test.each(['removed', 'given another agent'])('and that is %s is not watched any more', async (what) => {
    const world = await governedWorld();
    world.agent.leases = [];
    const off = { nodeId: world.id, force: true, countdownSeconds: 30 };
    await world.shutdown.powerOff(off, new AbortController().signal);
    if (what === 'removed') world.fleet.remove(world.id);
    else world.fleet.update(world.id, { agentUrl: newUrl });
    world.agentsThere.agent(newUrl).answer = gone();
    const before = world.entries.length;
    await world.clock.advance(10 * minute);
    const since = world.entries.slice(before).map(({ message }) => textOf(message));
    expect(since.filter((message) => /off|stays|told/.test(message))).toEqual([]);
    if (what !== 'removed') expect(world.shutdown.get(world.id).leaving).toBeNull();
  });
});

describe('an agent that is away when its node is removed', () => {
  test('is cleared when it answers again, and people see both', async () => {
    const world = await governedWorld();
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    expect(world.notices.current().notices).toMatchObject([
      { code: 'AGENT_LEFT', next: fact('FORGET_OR_DISMISS', { panel: world.panel }) },
    ]);
    expect(world.entries.at(-1)).toMatchObject({ severity: 'warning', kind: 'power' });
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    await world.clock.advance(2 * 60 * minute);
    const warnings = world.entries.filter(({ severity, kind }) => severity === 'warning' && kind === 'power');
    expect(warnings).toHaveLength(1);
    world.agent.answer = 'serves';
    await world.clock.advance(6 * minute);
    expectNothingLeft(world);
    expect(world.entries.at(-1)).toMatchObject({ severity: 'success', kind: 'power' });
  });

  test('is cleared by the next core too', async () => {
    const { store } = createSqliteStore({ path: ':memory:' });
    const secrets = createMemorySecrets();
    const world = await governedWorld({ store, secrets });
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    await world.stop();
    worlds.length = 0;

    const next = await startedWorld({ store, secrets, agents: world.agentsThere });
    await next.clock.advance(1000);
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    expect(next.notices.current().notices).toMatchObject([{ code: 'AGENT_LEFT' }]);
    world.agent.answer = 'serves';
    await next.clock.advance(6 * minute);
    expectNothingLeft(next);
  });

  test('that hangs delays neither the core nor its shutdown', async () => {
    const world = await governedWorld();
    world.agent.answer = 'hangs';
    world.fleet.remove(world.id);
    await world.clock.advance(2 * minute);
    expect(world.store.power.withdrawals()).toHaveLength(1);
    world.agent.answer = 'serves';
    await world.clock.advance(6 * minute);
    expectNothingLeft(world);
  });

  test('keeps the policy when its node is added again meanwhile, and loses the leases of before', async () => {
    const world = await governedWorld();
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(minute);
    world.agent.answer = 'serves';
    world.server(towerUrl).answer = 'serves';
    const id = await world.addWithAgent();
    world.shutdown.setPolicy(id, { idleMinutes: 33 });
    await world.clock.advance(10 * minute);
    expect(world.agent.policies.get(world.panel)).toMatchObject({ idleMinutes: 33 });
    expect(world.agent.leases).toEqual([]);
    expectNoDuty(world);
  });

  test.each([
    [29, 1],
    [31, 0],
  ])('after %i days in which it did not answer: %i withdrawals are left', async (days, left) => {
    const { store } = createSqliteStore({ path: ':memory:' });
    const secrets = createMemorySecrets();
    const world = await governedWorld({ store, secrets });
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    await world.stop();
    worlds.length = 0;
    const [record] = store.power.withdrawals();
    if (record) store.power.putWithdrawal({ ...record, since: record.since - days * day });

    const next = await startedWorld({ store, secrets, agents: world.agentsThere });
    await next.clock.advance(1000);
    expect(store.power.withdrawals()).toHaveLength(left);
    expect(next.entries.at(-1)).toMatchObject({ kind: 'power', severity: 'warning' });
    if (left > 0) return;
    expectNoDuty(next);
    expect(next.entries.at(-1)).toMatchObject({ notify: true });
    const calls = world.agent.healthCalls;
    await next.clock.advance(60 * minute);
    expect(world.agent.healthCalls).toBe(calls);
  });

  test('is given up when a person dismisses the notice', async () => {
    const world = await governedWorld();
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    const [notice] = world.notices.current().notices;
    world.notices.dismissNotice(notice?.id ?? '');
    expectNoDuty(world);
    world.agent.answer = 'serves';
    await world.clock.advance(10 * minute);
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
  });

  test('is given up where it does not accept the token any more', async () => {
    const world = await governedWorld();
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    world.agent.answer = 'serves';
    world.agent.token = 'another';
    await world.clock.advance(6 * minute);
    expectNoDuty(world);
    expect(world.entries.at(-1)).toMatchObject({ severity: 'warning', notify: true });
  });

  test('shows no token to another agent that has its address by now', async () => {
    const world = await governedWorld();
    goAway(world);
    await world.clock.advance(30_000);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    const before = world.agent.calls.length;
    world.agent.answer = 'serves';
    world.agent.health = { ...world.agent.health, id: 'a-stranger' };
    await world.clock.advance(30 * minute);
    expect(world.agent.calls.length).toBe(before);
    expect(world.store.power.withdrawals()).toHaveLength(1);
  });
});

describe('a node that is added again while its agent is being left', () => {
  test.each(['before', 'after'] as const)('governs it (removePolicy held %s)', async (when) => {
    const world = await governedWorld();
    const release = world.agent.hold('removePolicy', when);
    world.fleet.remove(world.id);
    await world.clock.advance(1000);
    const id = await world.addWithAgent();
    world.shutdown.setPolicy(id, { idleMinutes: 44 });
    await world.clock.advance(1000);
    release();
    await world.clock.advance(minute);
    expect(world.agent.policies.get(world.panel)).toMatchObject({ idleMinutes: 44 });
    expect(world.agent.leases).toEqual([]);
    expectNoDuty(world);
  });
});

describe('a node that gets another agent', () => {
  test('leaves the one that it had, and keeps its leases at the new one', async () => {
    const world = await governedWorld();
    const next = world.agentsThere.agent(newUrl);
    next.health = { ...next.health, id: 'a2' };
    world.fleet.update(world.id, { agentUrl: newUrl });
    await world.clock.advance(10_000);
    expectNothingLeft(world);
    expect([...next.policies.keys()]).toEqual([world.panel]);
    expect(next.leases).toMatchObject([{ id: world.leaseId }]);
  });

  test('while a lease is being put at the old one leaves nothing there', async () => {
    const world = await governedWorld();
    const next = world.agentsThere.agent(newUrl);
    next.health = { ...next.health, id: 'a2' };
    const release = world.agent.hold('putLease');
    const game = world.leases.keepAwake({ nodeId: world.id, until: null, purpose: 'a game' });
    await world.clock.advance(1000);
    world.fleet.update(world.id, { agentUrl: newUrl });
    await world.clock.advance(1000);
    release();
    await world.clock.advance(10_000);
    expectNothingLeft(world);
    expect(next.leases.map(({ id }) => id)).toEqual([world.leaseId, game.id]);
  });

  test.each([{ id: 'a1' }, { id: null }])(
    'that is the same agent at another address ($id) keeps all',
    async ({ id: agentId }) => {
      const world = createPowerWorld();
      worlds.push(world);
      world.agent.health = { ...world.agent.health, id: agentId };
      await world.start();
      const id = await world.addWithAgent();
      const { id: leaseId } = world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a film' });
      await world.clock.advance(1000);
      world.agentsThere.alias(agentUrl, newUrl);
      world.fleet.update(id, { agentUrl: newUrl });
      await world.clock.advance(10 * minute);
      expect([...world.agent.policies.keys()]).toEqual([world.store.power.panelId()]);
      expect(world.agent.leases).toMatchObject([{ id: leaseId }]);
      expect(world.shutdown.get(id).leases).toMatchObject([{ id: leaseId, mirrored: true }]);
      expectNoDuty(world);
    },
  );

  test('that is paired again at the same address keeps everything', async () => {
    const world = await governedWorld();
    world.agent.token = 'newer-token';
    world.fleet.update(world.id, { agentToken: 'newer-token' });
    await world.clock.advance(minute);
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    expect(world.agent.leases).toMatchObject([{ id: world.leaseId }]);
    expectNoDuty(world);
  });

  test.each([
    ['its token is removed', { agentToken: null }],
    ['its address is removed', { agentUrl: null }],
  ])('or none: %s', async (_, patch) => {
    const world = await governedWorld();
    world.fleet.update(world.id, patch);
    await world.clock.advance(1000);
    expectNothingLeft(world);
    expect(world.shutdown.get(world.id).leases).toMatchObject([{ id: world.leaseId, mirrored: false }]);
    world.fleet.update(world.id, { agentUrl, agentToken: 'right-token' });
    await world.clock.advance(10_000);
    expect([...world.agent.policies.keys()]).toEqual([world.panel]);
    expect(world.agent.leases).toMatchObject([{ id: world.leaseId }]);
  });
});
