import { afterEach, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { announceUrl } from '../../../../electron/core/leases/announce-url.ts';
import { termOf } from '../../../../electron/core/leases/lease-mirror.ts';
import { fact } from '../../../../shared/models/message.ts';
import { gone } from '../../../fakes/agent-link.ts';
import { createPowerWorld, towerUrl } from '../../../fakes/power-world.ts';

const signal = new AbortController().signal;
const minute = 60_000;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function startedWorld(options: Parameters<typeof createPowerWorld>[0] = {}) {
  const world = createPowerWorld(options);
  worlds.push(world);
  await world.start();
  const callsOf = (word: string) => world.agent.calls.filter((call) => call.startsWith(`${word} `));
  return { ...world, callsOf };
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

describe('an agent that is reached', () => {
  test('gets the policy, and each lease until it ends', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    expect(world.callsOf('putPolicy')).toHaveLength(1);
    const lease = world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(1000);
    expect(world.agent.leases).toMatchObject([
      { id: lease.lease.id, holder: 'Pilotlight on laptop', purpose: 'index "Notes"', ttlSeconds: 120 },
    ]);
    expect(world.shutdown.get(id)).toMatchObject({
      means: 'agent',
      leases: [{ id: lease.lease.id, origin: 'here', mirrored: true }],
    });
    await world.clock.advance(2 * minute);
    expect(world.callsOf('putLease')).toHaveLength(4);
    lease[Symbol.dispose]();
    await world.clock.advance(1000);
    expect(world.agent.leases).toEqual([]);
    await world.clock.advance(5 * minute);
    expect(world.callsOf('putLease')).toHaveLength(4);
    expect(world.callsOf('putPolicy')).toHaveLength(1);
  });

  test('takes a lease whatever the folder of its job is called', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    const purpose = `index "No\ntes\u0000 ${'x'.repeat(250)}"`;
    world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose });
    await world.clock.advance(1000);
    expect(world.agent.leases).toMatchObject([{ purpose: `index "No tes ${'x'.repeat(250)}`.slice(0, 200) }]);
  });

  test('gets the policy again when it changes, and only then', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.shutdown.setPolicy(id, { idleMinutes: 3 });
    await world.clock.advance(1000);
    world.shutdown.setPolicy(id, { watts: 90 });
    await world.clock.advance(1000);
    expect(world.callsOf('putPolicy')).toHaveLength(2);
  });

  test('gets everything again when it was away, and nothing while it is', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.agent.answer = gone();
    world.agent.endStreams();
    world.goOff();
    await world.clock.advance(30_000);
    const before = world.agent.calls.length;
    world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(10 * minute);
    expect(world.shutdown.get(id).leases).toMatchObject([{ mirrored: false }]);
    expect(world.agent.calls.slice(before).filter((call) => call.startsWith('put'))).toEqual([]);

    world.agent.answer = 'serves';
    world.agent.describe({ bootId: 'boot-2' });
    world.server(towerUrl).answer = 'serves';
    await world.fleet.probe(id);
    await world.clock.advance(2000);
    expect(world.agent.leases).toHaveLength(1);
    expect(world.callsOf('putPolicy')).toHaveLength(2);
    expect(world.shutdown.get(id).leases).toMatchObject([{ mirrored: true }]);
  });

  test('is notified that Pilotlight woke it, in that boot only', async () => {
    const world = await startedWorld();
    world.goOff();
    world.agent.answer = gone();
    const { id } = world.fleet.add({
      url: towerUrl,
      name: 'tower',
      mac: '02:00:00:00:00:01',
      agentUrl: 'http://192.168.7.20:8765',
      agentToken: 'right-token',
    });
    await world.clock.advance(2000);
    await world.power.wake(id);
    await world.clock.advance(2000);
    world.agent.answer = 'serves';
    world.agent.describe({ bootId: 'boot-7' });
    world.server(towerUrl).answer = 'serves';
    await world.clock.advance(10_000);
    expect(world.callsOf('woken')).toEqual(['woken boot-7']);
    expect(world.shutdown.get(id)).toMatchObject({ wokenByUs: true });
    expect(world.store.power.woken(id)).toMatchObject({ bootId: 'boot-7' });
    await world.clock.advance(10 * minute);
    expect(world.callsOf('woken')).toHaveLength(1);
  });

  test('says that another panel released a lease: it is over here too, and is not put again', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
    const kept = world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a film' });
    await world.clock.advance(1000);
    world.agent.leases = world.agent.leases.filter((lease) => lease.id === kept.id);
    world.agent.tellNews();
    await world.clock.advance(1000);
    expect(world.shutdown.get(id).leases).toMatchObject([{ purpose: 'a film', mirrored: true }]);
    expect(world.entries.filter(({ message }) => message.code === 'LEASE_GONE')).toHaveLength(1);
    await world.clock.advance(2 * 60 * minute);
    expect(world.agent.leases.map((lease) => lease.id)).not.toContain('lease_1');
  });

  test('that lost its leases with another run of the machine gets them again', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
    await world.clock.advance(1000);
    world.agent.leases = [];
    world.agent.describe({ bootId: 'boot-2' });
    world.agent.tellNews();
    await world.clock.advance(2 * minute);
    expect(world.shutdown.get(id).leases).toMatchObject([{ purpose: 'a game', mirrored: true }]);
    expect(world.agent.leases).toHaveLength(1);
  });

  test('that fails is retried, and the job does not notice', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.agent.token = 'changed';
    world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(1000);
    expect(world.shutdown.get(id).leases).toMatchObject([{ mirrored: false }]);
    world.agent.token = 'right-token';
    await world.clock.advance(15 * minute);
    expect(world.agent.leases.length).toBeGreaterThan(0);
    expect(world.shutdown.get(id).leases).toMatchObject([{ mirrored: true }]);
  });
});

describe('what is over', () => {
  test('an agent forgets a panel whose node is removed', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.shutdown.setPolicy(id, { idleMinutes: 3 });
    const { lease } = world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(1000);
    world.fleet.remove(id);
    await world.clock.advance(1000);
    expect([...world.agent.policies.keys()]).toEqual([]);
    expect(world.agent.leases).toEqual([]);
    expect(world.leases.ledger.get(lease.id)).toBeNull();
    expect(world.policies.isSet(id)).toBe(false);
  });

  test('the lease of a core that died is ended at its agent as well', async () => {
    const { store } = createSqliteStore({ path: ':memory:' });
    const common = { holder: 'Pilotlight on laptop', createdAt: 1, until: null, endedAt: null };
    store.power.putLease({ ...common, id: 'lease_old', nodeId: 'node_1', kind: 'job', purpose: 'index "N"' });
    const world = await startedWorld({ store });
    world.agent.leases = [
      { id: 'lease_old', holder: common.holder, purpose: 'index "N"', ttlSeconds: 120, remainingSeconds: 90 },
    ];
    expect(await world.addWithAgent()).toBe('node_1');
    expect(world.agent.leases).toEqual([]);
    expect(world.shutdown.get('node_1').leases).toEqual([]);
  });

  test('a panel that stops ends the leases of its jobs, and leaves those of people', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    const job = world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
    await world.clock.advance(1000);
    expect(world.agent.leases).toHaveLength(2);
    job[Symbol.dispose]();
    await world.powerServices.stop();
    expect(world.agent.leases).toMatchObject([{ purpose: 'a game', ttlSeconds: 86_400 }]);
  });
});

describe('leases of others', () => {
  test('are shown, name why it is on, and are ended by anybody', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.agent.leases = [
      { id: 'script-1', holder: 'Ben', purpose: 'a render', ttlSeconds: 7200, remainingSeconds: 7000 },
    ];
    world.agent.policy = { ...world.agent.policy, reasons: ['Ben needs it: a render.'] };
    await world.agents.refresh(id);
    const shown = world.shutdown.get(id);
    expect(shown.leases).toMatchObject([
      {
        id: 'script-1',
        kind: 'panel',
        holder: 'Ben',
        origin: 'elsewhere',
        mirrored: true,
        until: world.clock.now() + 7_000_000,
      },
    ]);
    expect(shown.whyOn).toEqual([fact('LEASE_HELD', { holder: 'Ben', purpose: 'a render' })]);
    const off = { nodeId: id, force: false, countdownSeconds: 0 };
    await expect(world.shutdown.powerOff(off, signal)).rejects.toMatchObject({ code: 'IN_USE' });
    await world.leases.release(id, 'script-1', signal);
    expect(world.agent.leases).toEqual([]);
    expect(world.shutdown.get(id).leases).toEqual([]);
  });
});

describe('an agent that powers its machine off', () => {
  test('shows its countdown here, which is cancelled here', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    const after = await world.shutdown.powerOff(
      { nodeId: id, action: 'sleep', force: false, countdownSeconds: 30 },
      signal,
    );
    expect(after.countdown).toMatchObject({ action: 'sleep', by: 'Pilotlight on laptop' });
    expect(after.offAt).toBe(after.countdown?.endsAt);
    expect(world.entries.at(-1)?.message).toEqual(fact('NODE_GOES_OFF_IN', { node: 'tower', ms: 30_000 }));
    expect((await world.shutdown.cancelPowerOff(id, signal)).countdown).toBeNull();
    expect(world.callsOf('powerOff')).toEqual(['powerOff sleep']);
  });

  test('is watched when its countdown is over', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    await world.shutdown.powerOff({ nodeId: id, force: false, countdownSeconds: 30 }, signal);
    world.agent.power = {
      ...world.agent.power,
      phase: 'acting',
      current: { action: 'shutdown', by: 'x', remainingSeconds: 0 },
    };
    await world.clock.advance(32_000);
    expect(world.shutdown.get(id)).toMatchObject({ countdown: null, leaving: { action: 'shutdown' } });
    world.agent.answer = gone();
    world.agent.endStreams();
    world.goOff();
    await world.clock.advance(30_000);
    expect(world.shutdown.get(id).leaving).toBeNull();
    expect(world.entries.some(({ message }) => message.code === 'NODE_IS_OFF')).toBe(true);
  });

  test('tells when it will, and that another panel keeps it on', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.shutdown.setPolicy(id, { powerOff: 'always' });
    world.agent.policy = { ...world.agent.policy, idleSeconds: 60, remainingMs: 14 * minute };
    await world.agents.refresh(id);
    const now = world.clock.now();
    expect(world.shutdown.get(id)).toMatchObject({ idleSince: now - minute, offAt: now + 14 * minute });
    world.agent.policy = { ...world.agent.policy, remainingMs: null };
    await world.agents.refresh(id);
    expect(world.shutdown.get(id)).toMatchObject({
      offAt: null,
      whyOn: [fact('IDLE_OTHER_PANEL')],
    });
  });

  test('restarts Ollama there', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    await world.shutdown.restartOllama({ nodeId: id }, signal);
    expect(world.agent.calls).toContain('restartOllama');
    await expect(world.shutdown.restartOllama({ nodeId: 'this-computer' }, signal)).rejects.toMatchObject({
      code: 'NO_AGENT',
    });
  });

  test('whose GPU is gone for Ollama says so, with the mend', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.agent.push();
    world.agent.describe({ ollama: { answers: true, version: null, startedAt: null, gpuFound: false } });
    await world.clock.advance(2000);
    expect(world.shutdown.get(id).gpuLost).toMatchObject({ code: 'GPU_LOST' });
  });
});

describe('the term of a lease at the agent', () => {
  const now = 1_000_000;
  test.each([
    ['job', null, 120],
    ['request', null, 120],
    ['task', null, 120],
    ['person', null, 86_400],
    ['person', now + 90_500, 91],
    ['person', now + 10 * 86_400_000, 86_400],
    ['person', now - 5, 1],
  ] as const)('of a %s until %s: %i s', (kind, until, ttlSeconds) => {
    expect(termOf({ kind, until }, now).ttlSeconds).toBe(ttlSeconds);
  });
});

describe('where an agent announces itself', () => {
  const lan = { name: 'eth0', address: '192.168.7.5', netmask: '255.255.255.0', internal: false };
  const wifi = { name: 'wlan0', address: '10.0.0.5', netmask: '255.255.0.0', internal: false };
  const loopback = { name: 'lo', address: '127.0.0.1', netmask: '255.0.0.0', internal: true };
  test.each([
    ['http://192.168.7.20:8765', [loopback, wifi, lan], 9000, 'http://192.168.7.5:9000/hello'],
    ['http://10.0.9.1:8765', [loopback, lan, wifi], 9000, 'http://10.0.0.5:9000/hello'],
    ['http://tower:8765', [loopback, lan], 9000, 'http://192.168.7.5:9000/hello'],
    ['http://127.0.0.1:8765', [loopback], 9000, 'http://127.0.0.1:9000/hello'],
    ['http://tower:8765', [loopback], 9000, null],
    ['http://192.168.7.20:8765', [lan], null, null],
  ])('%s', (url, interfaces, port, expected) => {
    expect(announceUrl(url, interfaces, port)).toBe(expected);
  });
});
