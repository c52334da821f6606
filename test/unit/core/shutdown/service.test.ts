import { afterEach, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { createLeaseLedger } from '../../../../electron/core/leases/lease-ledger.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import { gone } from '../../../fakes/agent-link.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { aModel } from '../../../fakes/inference-server.ts';
import { agentUrl, createPowerWorld, type PowerWorldOptions, towerUrl } from '../../../fakes/power-world.ts';

const signal = new AbortController().signal;
const minute = 60_000;
const forced = { action: 'shutdown' as const, force: true, countdownSeconds: 0 };
type PowerWorld = ReturnType<typeof createPowerWorld>;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function startedWorld(options: PowerWorldOptions = {}) {
  const world = createPowerWorld(options);
  worlds.push(world);
  await world.start();
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

const always = { powerOff: 'always' } as const;
const refused = (url: string) => url.endsWith('/shutdown');

describe('the power of a node', () => {
  test('is one entry of the stream from the start, published when it changes', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    expect(world.streams.power.get(id)).toMatchObject({
      nodeId: id,
      means: 'server',
      agent: null,
      leases: [],
      whyOn: [fact('IDLE_NOT_WOKEN')],
      wokenByUs: false,
      countdown: null,
    });
    const before = world.streams.power.get(id);
    await world.clock.advance(5 * minute);
    expect(world.streams.power.get(id)).toBe(before);

    const lease = world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
    await world.clock.advance(300);
    expect(world.streams.power.get(id)).toMatchObject({
      leases: [{ id: lease.id, kind: 'person', origin: 'here', mirrored: false }],
      whyOn: [fact('LEASE_HELD', { holder: 'Pilotlight on laptop', purpose: 'a game' })],
      idleSince: null,
    });
    expect(world.fleet.get(id)?.uses).toEqual([plainText('a game')]);
    await world.leases.release(id, lease.id, signal);
    expect(world.shutdown.get(id).leases).toEqual([]);
    expect(world.fleet.get(id)?.uses).toEqual([]);
    world.fleet.remove(id);
    expect(world.streams.power.get(id)).toBeUndefined();
  });

  test('says nothing of what is off', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
    world.goOff();
    await world.clock.advance(30_000);
    expect(world.shutdown.get(id)).toMatchObject({
      whyOn: [],
      wokenByUs: null,
      idleSince: null,
      offAt: null,
    });
    expect(world.shutdown.get(id).leases).toHaveLength(1);
  });
});

describe('a lease', () => {
  test('of a person ends at its time, however far away, in the store as well', async () => {
    const clock = createFakeClock();
    const { store } = createSqliteStore({ path: ':memory:' });
    const ledger = createLeaseLedger({
      clock,
      ids: { next: (prefix) => `${prefix}_1` },
      log: silentLog,
      store: store.power,
      holder: () => 'Ann',
      use: () => ({ [Symbol.dispose]() {} }),
    });
    const days = 40 * 24 * 3_600_000;
    const until = clock.now() + days;
    ledger.hold({ nodeId: 'tower', kind: 'person', purpose: 'a long game', until });
    expect(store.power.openLeases()).toMatchObject([{ holder: 'Ann', until, endedAt: null }]);
    await clock.advance(days - 1000);
    expect(ledger.list('tower')).toHaveLength(1);
    await clock.advance(1000);
    expect(ledger.list('tower')).toEqual([]);
    expect(store.power.leases('tower', 0, until + 1)).toMatchObject([{ endedAt: until }]);
    store.close();
  });

  test('in the past or years ahead is refused, an unknown one is not found', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    const late = () => world.leases.keepAwake({ nodeId: id, until: world.clock.now(), purpose: 'x' });
    expect(late).toThrow(expect.objectContaining({ code: 'BAD_REQUEST', details: { field: 'until' } }));
    for (const until of [1e300, world.clock.now() + 400 * 86_400_000]) {
      const far = () => world.leases.keepAwake({ nodeId: id, until, purpose: 'x' });
      expect(far).toThrow(expect.objectContaining({ code: 'BAD_REQUEST', details: { field: 'until' } }));
    }
    expect(world.shutdown.get(id).leases).toEqual([]);
    await expect(world.leases.release(id, 'nope', signal)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of a job ends with a core that crashed, one of a person continues', async () => {
    const { store } = createSqliteStore({ path: ':memory:' });
    const common = { holder: 'Pilotlight on laptop', createdAt: 1, until: null, endedAt: null };
    store.power.putLease({
      ...common,
      id: 'lease_a',
      nodeId: 'this-computer',
      kind: 'job',
      purpose: 'index "N"',
    });
    store.power.putLease({
      ...common,
      id: 'lease_b',
      nodeId: 'this-computer',
      kind: 'person',
      purpose: 'game',
    });
    store.power.putLease({
      ...common,
      id: 'lease_c',
      nodeId: 'this-computer',
      kind: 'person',
      purpose: 'over',
      until: 5,
    });
    const world = await startedWorld({ store });
    expect(world.leases.ledger.list().map(({ id }) => id)).toEqual(['lease_b']);
    expect(world.store.power.openLeases().map(({ id }) => id)).toEqual(['lease_b']);
  });

  test('of a job is held although the disk is full; a person gets an error', async () => {
    const { store } = createSqliteStore({ path: ':memory:' });
    const full = () => {
      throw new PilotlightError('DISK_FULL');
    };
    const world = await startedWorld({ store: { ...store, power: { ...store.power, putLease: full } } });
    const id = await world.addServed();
    const lease = world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    expect(world.shutdown.get(id).whyOn).toEqual([
      fact('LEASE_HELD', { holder: 'Pilotlight on laptop', purpose: 'index "Notes"' }),
    ]);
    lease[Symbol.dispose]();
    lease[Symbol.dispose]();
    expect(world.shutdown.get(id).leases).toEqual([]);
    const byPerson = () => world.leases.keepAwake({ nodeId: id, until: null, purpose: 'x' });
    expect(byPerson).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect(world.shutdown.get(id).leases).toEqual([]);
  });
});

describe('a machine without an agent', () => {
  test('is powered off when idle for long enough: counted down, reported once, watched', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { ...always, idleMinutes: 5, countdownSeconds: 60 });
    const { offAt, idleSince } = world.shutdown.get(id);
    expect(offAt).toBe((idleSince ?? 0) + 5 * minute);
    await world.clock.advance(5 * minute + 20_000);
    expect(world.shutdown.get(id)).toMatchObject({
      countdown: { action: 'shutdown', by: null },
    });
    expect(world.shutdowns()).toEqual([]);
    await world.clock.advance(minute);
    expect(world.shutdowns()).toMatchObject([
      {
        method: 'POST',
        url: 'http://192.168.7.20:8766/shutdown',
        headers: { authorization: 'Bearer s3cret' },
      },
    ]);
    expect(world.shutdown.get(id).leaving).toMatchObject({ action: 'shutdown' });
    world.goOff();
    await world.clock.advance(20_000);
    expect(world.shutdown.get(id)).toMatchObject({ leaving: null, lastOffError: null });
    expect(world.entries.at(-1)).toMatchObject({ message: fact('NODE_IS_OFF', { node: 'tower' }) });
    expect(world.entries.some(({ message }) => message.code === 'NODE_DROPPED_OUT')).toBe(false);
    await world.clock.advance(30 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('stays on where Pilotlight did not wake it', async () => {
    const world = await startedWorld();
    await world.addServed();
    await world.clock.advance(60 * minute);
    expect(world.shutdowns()).toEqual([]);
  });

  test('goes off where Pilotlight woke it', async () => {
    const world = await startedWorld();
    world.goOff();
    const id = await world.addServed({ mac: '02:00:00:00:00:01' });
    await world.power.wake(id);
    await world.clock.advance(2000);
    world.server(towerUrl).answer = 'serves';
    await world.clock.advance(5000);
    expect(world.shutdown.get(id)).toMatchObject({ wokenByUs: true });
    await world.clock.advance(17 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('stays on while somebody uses its models, also without a lease', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { ...always, idleMinutes: 2 });
    for (let used = 0; used < 10; used += 1) {
      world.server(towerUrl).loadedModels = [aModel({ expiresAt: world.clock.now() + 5 * minute })];
      await world.clock.advance(minute);
    }
    expect(world.shutdown.get(id).whyOn).toEqual([fact('MODEL_WAS_USED', { model: 'llama3.1:8b' })]);
    expect(world.shutdowns()).toEqual([]);
    // From now on it stays loaded indefinitely, which is no sign of use.
    world.server(towerUrl).loadedModels = [aModel({ expiresAt: null })];
    await world.clock.advance(5 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('stays on when somebody comes in the countdown, with a lease or without', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { ...always, idleMinutes: 2 });
    await world.clock.advance(2 * minute + 20_000);
    expect(world.shutdown.get(id).countdown).not.toBeNull();
    const lease = world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    expect(world.shutdown.get(id).countdown).toBeNull();
    await world.clock.advance(10 * minute);
    expect(world.shutdowns()).toEqual([]);
    lease[Symbol.dispose]();

    await world.clock.advance(2 * minute + 20_000);
    expect(world.shutdown.get(id).countdown).not.toBeNull();
    world.server(towerUrl).loadedModels = [aModel({ expiresAt: world.clock.now() + 5 * minute })];
    await world.clock.advance(minute);
    expect(world.shutdowns()).toEqual([]);
    expect(world.shutdown.get(id).countdown).toBeNull();
    expect(world.entries.at(-1)).toMatchObject({ message: fact('NODE_STAYS_ON', { node: 'tower' }) });
  });

  test('stays on after a person cancelled, until it is needed again', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { ...always, idleMinutes: 2 });
    await world.clock.advance(2 * minute + 20_000);
    const after = await world.shutdown.cancelPowerOff(id, signal);
    expect(after).toMatchObject({ countdown: null, offAt: null });
    expect(after.whyOn).toEqual([fact('IDLE_KEPT_ON')]);
    await world.clock.advance(30 * minute);
    expect(world.shutdowns()).toEqual([]);
    world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' })[Symbol.dispose]();
    await world.clock.advance(4 * minute);
    expect(world.shutdowns()).toHaveLength(1);
    await expect(world.shutdown.cancelPowerOff(id, signal)).rejects.toMatchObject({ code: 'NO_COUNTDOWN' });
  });

  test('stays on when this computer sleeps during the countdown, and idle time starts again', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { ...always, idleMinutes: 2 });
    await world.clock.advance(2 * minute + 20_000);
    expect(world.shutdown.get(id).countdown).not.toBeNull();
    await world.powerServices.pause();
    await world.clock.advance(60 * minute);
    expect(world.shutdowns()).toEqual([]);
    world.powerServices.resume();
    await world.clock.advance(0);
    expect(world.shutdown.get(id)).toMatchObject({ countdown: null, idleSince: world.clock.now() });
    await world.clock.advance(4 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('on request: refused while in use, unless forced', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    const request = { nodeId: id, force: false, countdownSeconds: 0 };
    const lease = world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await expect(world.shutdown.powerOff(request, signal)).rejects.toMatchObject({
      code: 'IN_USE',
      details: { reasons: ['Kept awake by Pilotlight on laptop: index "Notes".'] },
    });
    expect(world.shutdowns()).toEqual([]);
    const both = await Promise.allSettled([
      world.shutdown.powerOff({ ...request, force: true }, signal),
      world.shutdown.powerOff({ ...request, force: true }, signal),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'POWER_ACTION_RUNNING' } });
    expect(world.shutdowns()).toHaveLength(1);
    lease[Symbol.dispose]();
    await expect(world.shutdown.powerOff(request, signal)).rejects.toMatchObject({
      code: 'POWER_ACTION_RUNNING',
    });
    await expect(world.shutdown.powerOff({ ...request, nodeId: 'x' }, signal)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('cannot sleep through a server that can only shut down, nor be powered off while it is off', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    const request = { nodeId: id, force: false, countdownSeconds: 0 };
    await expect(world.shutdown.powerOff({ ...request, action: 'sleep' }, signal)).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    });
    world.goOff();
    await world.clock.advance(30_000);
    await expect(world.shutdown.powerOff(request, signal)).rejects.toMatchObject({ code: 'NODE_ASLEEP' });
    await expect(
      world.shutdown.powerOff({ ...request, nodeId: 'this-computer' }, signal),
    ).rejects.toMatchObject({
      code: 'CANNOT_POWER_OFF',
    });
    expect(world.shutdowns()).toEqual([]);
  });

  test('that was started by hand since it was last seen is probed before it is refused', async () => {
    const world = await startedWorld();
    const id = await world.addServed();
    const serves = world.server(towerUrl).answer;
    world.goOff();
    await world.clock.advance(30_000);
    expect(world.fleet.require(id).state).toBe('off');
    world.server(towerUrl).answer = serves;
    await world.shutdown.powerOff({ nodeId: id, force: false, countdownSeconds: 0 }, signal);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test.each([
    [
      'powerOff shutdown',
      (w: PowerWorld, nodeId: string) => w.shutdown.powerOff({ ...forced, nodeId }, signal),
    ],
    ['restartOllama', (w: PowerWorld, nodeId: string) => w.shutdown.restartOllama({ nodeId }, signal)],
    ['cancelPowerOff', (w: PowerWorld, nodeId: string) => w.shutdown.cancelPowerOff(nodeId, signal)],
  ])('%s reaches an agent that is up again before its server is', async (call, ask) => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.goOff();
    world.agent.answer = gone();
    world.agent.endStreams();
    await world.clock.advance(120_000);
    await expect(ask(world, id)).rejects.toMatchObject({
      code: call === 'cancelPowerOff' ? 'NO_COUNTDOWN' : 'NODE_ASLEEP',
    });
    world.agent.answer = 'serves';
    await ask(world, id);
    expect(world.agent.calls).toContain(call);
  });

  test('whose list of leases is older than a lease ends that lease', async () => {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.agent.leases = [
      { id: 'other:1', holder: 'Ben', purpose: 'x', ttlSeconds: 3600, remainingSeconds: 3600 },
    ];
    await world.leases.release(id, 'other:1', signal);
    expect(world.agent.calls).toContain('endLease other:1');
    await expect(world.leases.release(id, 'other:2', signal)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('whose agent is not paired asks for pairing, and one that is off starts no countdown', async () => {
    const world = await startedWorld();
    const stranger = world.fleet.add({ url: null, name: 'stranger', agentUrl });
    await world.clock.advance(5000);
    const off = world.shutdown.powerOff({ nodeId: stranger.id, force: false, countdownSeconds: 0 }, signal);
    await expect(off).rejects.toMatchObject({ code: 'AGENT_REFUSED' });
    await expect(world.shutdown.restartOllama({ nodeId: stranger.id }, signal)).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
    });
    world.fleet.remove(stranger.id);

    const id = await world.addWithAgent();
    world.goOff();
    world.agent.answer = gone();
    world.agent.endStreams();
    await world.clock.advance(120_000);
    await expect(world.shutdown.cancelPowerOff(id, signal)).rejects.toMatchObject({ code: 'NO_COUNTDOWN' });
  });

  test('that stays on is reported, with the next step', async () => {
    const world = await startedWorld();
    world.setWebhook();
    const id = await world.addServed();
    await world.shutdown.powerOff({ nodeId: id, force: false, countdownSeconds: 0 }, signal);
    await world.clock.advance(2 * minute);
    expect(world.shutdown.get(id)).toMatchObject({ lastOffError: null });
    await world.clock.advance(2 * minute);
    expect(world.shutdown.get(id)).toMatchObject({ leaving: null, lastOffError: { code: 'DID_NOT_GO_OFF' } });
    expect(world.entries.at(-1)).toMatchObject({
      message: fact('NODE_DID_NOT_GO_OFF', { node: 'tower' }),
      notify: true,
    });
    expect(world.alerts()).toMatchObject([{ event: 'did-not-go-off', node: { id, name: 'tower' } }]);
  });

  test('whose server refuses at the end of a countdown: reported once, and retried only after the idle time', async () => {
    const world = await startedWorld({
      answer: async () => ({ status: 401, text: '{"error":"Unauthorized"}' }),
    });
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { ...always, idleMinutes: 10, countdownSeconds: 5 });
    await world.clock.advance(10 * minute + 30_000);
    expect(world.shutdown.get(id)).toMatchObject({ leaving: null, lastOffError: { code: 'AGENT_REFUSED' } });
    await world.clock.advance(5 * minute);
    expect(world.requests.filter(({ url }) => refused(url))).toHaveLength(1);
  });
});

describe('a person is notified of', () => {
  test('a machine that is still on at an hour they set', async () => {
    const world = await startedWorld({ timeZone: 'UTC' });
    world.setWebhook();
    const id = await world.addServed();
    world.shutdown.setPolicy(id, { stillOnAt: 23 * 60 });
    world.leases.keepAwake({ nodeId: id, until: null, purpose: 'a game' });
    await world.clock.advance(13 * 60 * minute + 59 * minute);
    expect(world.alerts()).toEqual([]);
    await world.clock.advance(2 * minute);
    expect(world.alerts()).toMatchObject([
      {
        event: 'still-on',
        message: fact('NODE_STILL_ON', { node: 'tower', minute: 23 * 60 }),
        why: fact('SENTENCES', {
          parts: [fact('LEASE_HELD', { holder: 'Pilotlight on laptop', purpose: 'a game' })],
        }),
      },
    ]);
    world.goOff();
    await world.clock.advance(24 * 60 * minute);
    expect(world.alerts().filter(({ event }) => event === 'still-on')).toHaveLength(1);
  });

  test('one that fell asleep while it was needed, and one that did not wake', async () => {
    const world = await startedWorld();
    world.setWebhook();
    const id = await world.addServed({ mac: '02:00:00:00:00:01' });
    world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    world.goOff();
    await world.clock.advance(30_000);
    expect(world.alerts()).toMatchObject([
      {
        event: 'fell-asleep-in-use',
        why: fact('SENTENCES', {
          parts: [fact('LEASE_HELD', { holder: 'Pilotlight on laptop', purpose: 'index "Notes"' })],
        }),
      },
    ]);
    await world.power.wake(id);
    await world.clock.advance(10 * minute);
    expect(world.alerts().at(-1)).toMatchObject({ event: 'did-not-wake', node: { id } });
  });
});
