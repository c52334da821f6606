/** The machine powers itself off when nobody needs it any more: the whole agent over HTTP, its time moved by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorld, logindCommand, type World, type WorldOptions } from './world.ts';

const minute = 60_000;
const poweroff = logindCommand('PowerOff');
const suspend = logindCommand('Suspend');
const policy = { finishAlone: true, idleMinutes: 5, countdownSeconds: 60 };
const lease = { holder: 'panel one', purpose: 'index of photos', ttlSeconds: 120 };

/** Woken by a panel, whose policy says that it may go again. */
async function createWokenWorld(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  await wake(world);
  expect((await world.call('PUT', '/v1/policies/panel-1', policy)).status).toBe(200);
  return world;
}

async function wake(world: World): Promise<void> {
  const { bootId } = world.machine;
  expect((await world.call('PUT', '/v1/woken', { bootId, by: 'panel-1' })).body.wokenInThisBoot).toBe(true);
}

const decisionOf = async (world: World) => (await world.call('GET', '/v1/policy')).body.decision;

describe('the idle shutdown of the agent', () => {
  it('runs when the last lease has ended and the idle time and countdown have passed', async () => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/leases/job-1', lease);
    for (let renewals = 0; renewals < 10; renewals += 1) {
      await world.clock.advance(minute);
      expect((await world.call('PUT', '/v1/leases/job-1', lease)).status).toBe(200);
    }
    expect(await world.power()).toMatchObject({ phase: 'idle', current: null });
    await world.call('DELETE', '/v1/leases/job-1');
    expect(await decisionOf(world)).toEqual({ do: 'wait', remainingMs: 5 * minute });
    await world.clock.advance(5 * minute - 1);
    expect(await world.power()).toMatchObject({ phase: 'idle' });
    await world.clock.advance(30_000);
    expect(await world.power()).toMatchObject({
      phase: 'countdown',
      current: { action: 'shutdown', by: 'the agent itself', force: false },
    });
    expect(world.machine.notices).toHaveLength(1);
    expect(world.machine.notices[0]).toContain('shuts down in 60 s');
    expect(world.machine.ran).toEqual([]);
    await world.clock.advance(minute);
    expect(world.machine.ran).toEqual([poweroff]);
    expect(await world.power()).toMatchObject({ phase: 'acting', last: { outcome: 'done' } });
  });

  it('does not run while another holder needs the machine, or comes during the countdown', async () => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/leases/job-1', lease);
    await world.call('PUT', '/v1/leases/job-2', { ...lease, holder: 'panel two', ttlSeconds: 3600 });
    await world.call('DELETE', '/v1/leases/job-1');
    await world.clock.advance(59 * minute);
    expect(await world.power()).toMatchObject({ phase: 'idle', last: null });
    await world.call('DELETE', '/v1/leases/job-2');
    await world.clock.advance(5 * minute + 30_000);
    expect(await world.power()).toMatchObject({ phase: 'countdown' });
    await world.call('PUT', '/v1/leases/job-3', { ...lease, ttlSeconds: 3600 });
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      last: { outcome: 'cancelled', reason: 'by a new lease' },
    });
    await world.clock.advance(30 * minute);
    expect(world.machine.ran).toEqual([]);
    await world.call('DELETE', '/v1/leases/job-3');
    await world.clock.advance(6 * minute + 30_000);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('a panel’s request is refused if a lease comes during its countdown', async () => {
    await using world = await createWokenWorld();
    const ask = { action: 'sleep', countdownSeconds: 30, by: 'panel one' };
    expect((await world.call('POST', '/v1/power', ask)).status).toBe(202);
    await world.call('PUT', '/v1/leases/job-1', lease);
    await world.clock.advance(30_000);
    expect(world.machine.ran).toEqual([]);
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      last: { outcome: 'refused', reason: 'panel one needs it: index of photos.' },
    });
    expect((await world.call('POST', '/v1/power', { ...ask, force: true })).status).toBe(202);
    await world.clock.advance(30_000);
    expect(world.machine.ran).toEqual([suspend]);
    // Its own inhibitor was let go for that; the lease that lives on has it back after the sleep.
    expect(world.machine.inhibited).toBe(0);
    world.machine.sleptSeconds += 20;
    await world.clock.advance(5_000);
    expect(world.machine.inhibited).toBe(1);
  });

  it('does not run again after a person cancelled it, until the machine is needed again', async () => {
    await using world = await createWokenWorld();
    await world.clock.advance(5 * minute + 30_000);
    const { key } = JSON.parse(readFileSync(join(world.folder, 'countdown.json'), 'utf8')) as { key: string };
    expect((await world.call('POST', '/v1/power/cancel-here', { key })).status).toBe(200);
    expect(await decisionOf(world)).toEqual({ do: 'stay', why: 'kept-on' });
    await world.clock.advance(24 * 60 * minute);
    // It holds over a restart of the agent, for that is none of the machine.
    await world.restart();
    await world.clock.advance(24 * 60 * minute);
    expect(world.machine.ran).toEqual([]);
    await world.call('PUT', '/v1/leases/job-1', lease);
    await world.call('DELETE', '/v1/leases/job-1');
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('does not run after a person cancelled a panel’s request', async () => {
    await using world = await createWokenWorld();
    const order = { action: 'shutdown', countdownSeconds: 60, by: 'panel one' };
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    expect((await world.call('POST', '/v1/power/cancel', { by: 'Ann' })).status).toBe(200);
    expect(await decisionOf(world)).toEqual({ do: 'stay', why: 'kept-on' });
    await world.clock.advance(24 * 60 * minute);
    expect(world.machine.ran).toEqual([]);
  });

  it('runs again if its countdown only ended with the agent', async () => {
    await using world = await createWokenWorld();
    await world.clock.advance(5 * minute + 30_000);
    expect(await world.power()).toMatchObject({ phase: 'countdown' });
    await world.restart();
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('follows the strictest of two policies', async () => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/policies/panel-2', {
      finishAlone: true,
      onlyIfWoken: false,
      idleMinutes: 60,
      action: 'sleep',
      countdownSeconds: 300,
    });
    expect((await world.call('GET', '/v1/policy')).body.effective).toMatchObject({
      onlyIfWoken: true,
      idleMinutes: 60,
      action: 'sleep',
      countdownSeconds: 300,
    });
    await world.clock.advance(60 * minute - 1);
    expect(await world.power()).toMatchObject({ phase: 'idle' });
    await world.clock.advance(6 * minute);
    expect(world.machine.ran).toEqual([suspend]);
    // One that forbids it forbids it to all.
    await wake(world);
    await world.call('PUT', '/v1/policies/panel-3', { finishAlone: false });
    await world.clock.advance(24 * 60 * minute);
    expect(world.machine.ran).toEqual([suspend]);
    expect(await decisionOf(world)).toEqual({ do: 'stay', why: 'not-allowed' });
  });

  it('outlives a lost panel: its leases expire, its policy applies until another panel removes it', async () => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/policies/gone', { finishAlone: true, idleMinutes: 600 });
    await world.call('PUT', '/v1/leases/of-gone', { ...lease, holder: 'gone', ttlSeconds: 3600 });
    await world.call('PUT', '/v1/leases/job-1', { ...lease, ttlSeconds: 3600 });
    await world.call('DELETE', '/v1/leases/job-1');
    await world.clock.advance(60 * minute);
    expect((await world.call('GET', '/v1/leases')).body.leases).toEqual([]);
    await world.clock.advance(500 * minute);
    expect(world.machine.ran).toEqual([]);
    const { policies } = (await world.call('GET', '/v1/policy')).body as { policies: { panel: string }[] };
    expect(policies.map(({ panel }) => panel)).toEqual(['panel-1', 'gone']);
    await world.call('DELETE', '/v1/policies/gone');
    await world.clock.advance(2 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('runs only in the boot that Pilotlight woke', async () => {
    await using world = await createWorld();
    await world.call('PUT', '/v1/policies/panel-1', policy);
    await world.clock.advance(24 * 60 * minute);
    expect(world.machine.ran).toEqual([]);
    expect(await decisionOf(world)).toEqual({ do: 'stay', why: 'not-woken' });
    await wake(world);
    world.machine.bootId = 'boot-2';
    await world.restart();
    await world.clock.advance(24 * 60 * minute);
    expect(world.machine.ran).toEqual([]);
    expect((await world.call('PUT', '/v1/woken', { bootId: 'boot-1' })).body).toMatchObject({
      error: { code: 'BOOT_CHANGED', details: { bootId: 'boot-2' } },
    });
  });

  it('does not run while a GPU is busy or another user is logged in, and the idle time then restarts', async () => {
    await using world = await createWokenWorld({ config: { ignoreUser: ['ann'] } });
    world.machine.users = ['ann', 'bob'];
    await world.clock.advance(60 * minute);
    const { decision, reasons } = (await world.call('GET', '/v1/policy')).body;
    expect({ decision, reasons }).toMatchObject({
      decision: { do: 'stay', why: 'in-use' },
      reasons: [{ code: 'USERS', users: ['bob'] }],
    });
    world.machine.users = ['ann'];
    world.machine.gpuPercent = 60;
    await world.clock.advance(60 * minute);
    expect(await decisionOf(world)).toEqual({ do: 'stay', why: 'in-use' });
    world.machine.gpuPercent = 3;
    await world.clock.advance(4 * minute);
    expect(await world.power()).toMatchObject({ phase: 'idle' });
    await world.clock.advance(3 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('tries again after the idle time if the system refused', async () => {
    await using world = await createWokenWorld();
    world.machine.fails = new Error('Operation inhibited by "apt"');
    await world.clock.advance(6 * minute + 30_000);
    expect(world.machine.ran).toEqual([poweroff]);
    expect(world.machine.inhibited).toBe(0);
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      last: { outcome: 'failed', reason: 'Operation inhibited by "apt"' },
    });
    world.machine.fails = null;
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff, poweroff]);
  });
});

describe('clocks that jump', () => {
  const year = 365 * 24 * 60 * minute;

  it.each([year, -year])('by %d ms on the wall end and prolong no lease and no countdown', async (jump) => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/leases/job-1', lease);
    world.time.wallOffset = jump;
    await world.clock.advance(119_000);
    expect((await world.call('GET', '/v1/leases/job-1')).body.remainingSeconds).toBe(1);
    await world.clock.advance(1_000);
    expect((await world.call('GET', '/v1/leases/job-1')).status).toBe(404);
    await world.clock.advance(5 * minute + 30_000);
    expect(await world.power()).toMatchObject({ phase: 'countdown' });
    world.time.wallOffset = -jump;
    await world.clock.advance(29_000);
    expect(world.machine.ran).toEqual([]);
    await world.clock.advance(minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('over a sleep: who woke it is forgotten, and lease time has passed', async () => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/leases/short', lease);
    await world.call('PUT', '/v1/leases/long', { ...lease, ttlSeconds: 7200 });
    world.machine.sleptSeconds += 3600;
    // What begins after the sleep, before that was noticed, loses nothing by it.
    await world.call('PUT', '/v1/leases/fresh', lease);
    const { leases } = (await world.call('GET', '/v1/leases')).body as { leases: { id: string }[] };
    expect(leases).toMatchObject([
      { id: 'long', remainingSeconds: 3600 },
      { id: 'fresh', remainingSeconds: 120 },
    ]);
    await world.clock.advance(24 * 60 * minute);
    expect(await decisionOf(world)).toEqual({ do: 'stay', why: 'not-woken' });
    expect(world.machine.ran).toEqual([]);
    await wake(world);
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('over a restart of the agent: each lease gets one full time to live, and no more', async () => {
    await using world = await createWokenWorld();
    await world.call('PUT', '/v1/leases/job-1', lease);
    await world.clock.advance(110_000);
    await world.restart();
    expect((await world.call('GET', '/v1/leases/job-1')).body.remainingSeconds).toBe(120);
    expect(world.machine.inhibited).toBe(1);
    await world.clock.advance(120_000);
    expect((await world.call('GET', '/v1/leases/job-1')).status).toBe(404);
    expect(world.machine.inhibited).toBe(0);
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });
});
