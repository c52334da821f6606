import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isServing } from '../../../shared/models/fleet.ts';
import { createLoopbackFleet } from '../../fakes/loopback-fleet.ts';

type World = Awaited<ReturnType<typeof createLoopbackFleet>>;

const soon = () => AbortSignal.timeout(50_000);

describe('waking the simulated GPU machine over real sockets', () => {
  let world: World;

  beforeEach(async () => {
    world = await createLoopbackFleet({ speed: 10 });
    world.settings.update({ fleet: { lookIntervalMs: 1000, simulated: true } });
    await world.fleet.start();
    await world.fleet.simulate(true);
    await world.fleet.probe();
  });

  afterEach(() => world.stop());

  it('goes from off over waking to serving, learns the boot time and says so', async () => {
    const { fleet, power } = world;
    expect(fleet.require('gpu-tower').state).toBe('off');
    expect(isServing(fleet.require('nas').state)).toBe(true);

    const waking = await power.wake('gpu-tower');
    expect(waking.state).toBe('waking');
    expect(power.progress('gpu-tower')).toMatchObject({
      step: 'packet-sent',
      expectedMs: null,
      failedDestinations: [],
    });

    const serving = await fleet.waitFor('gpu-tower', (node) => isServing(node.state), soon());
    expect(serving.state).toBe('serving');
    expect(serving.installed.map((model) => model.name)).toContain('mxbai-embed-large:latest');
    const learned = await fleet.waitFor('gpu-tower', (node) => node.boot.count === 1, soon());
    expect(learned.boot.usualMs).toBeGreaterThan(0);
    expect(world.entries.map((entry) => entry.message.code)).toContain('NODE_WOKE');

    await fleet
      .server('gpu-tower')
      ?.load('mxbai-embed-large:latest', { layers: 'auto', keepAliveSeconds: -1 }, soon());
    fleet.probeSoon('gpu-tower');
    const verified = await fleet.waitFor('gpu-tower', (node) => node.state === 'gpu-verified', soon());
    expect(verified.loaded[0]).toMatchObject({ placement: 'gpu', expiresAt: null });
    expect(power.progress('gpu-tower')?.step).toBe('gpu-verified');
    expect(world.entries.map((entry) => entry.message)).toContainEqual(
      expect.objectContaining({ code: 'NODE_WOKE' }),
    );
    expect(world.udp.destinations.every((destination) => destination.startsWith('127.'))).toBe(true);
  });

  it('wakes once for several callers, and a caller that leaves does not take it from the others', async () => {
    const leaving = new AbortController();
    const left = world.power.ensureAwake('gpu-tower', { signal: leaving.signal, by: 'job' });
    const one = world.power.ensureAwake('gpu-tower', { signal: soon(), by: 'job' });
    const two = world.power.ensureAwake('gpu-tower', { signal: soon(), by: 'job' });
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect((await one).id).toBe('gpu-tower');
    expect(isServing((await two).state)).toBe(true);
    expect(world.entries.filter((entry) => entry.message.code === 'NODE_WOKE')).toHaveLength(1);
  });

  it('sees it fall asleep, and ends what was under way there', async () => {
    const { fleet, power } = world;
    await power.ensureAwake('gpu-tower', { signal: soon(), by: 'job' });
    await fleet.simulation.sleep('gpu-tower');
    const off = await fleet.waitFor('gpu-tower', (node) => node.state === 'off', soon());
    expect(off.loaded).toEqual([]);
    expect(off.installed.length).toBeGreaterThan(0);
    expect(world.entries.map(({ message }) => message.code)).toContain('NODE_DROPPED_OUT');
    expect(world.logged.filter((line) => line.level === 'error' || line.level === 'warn')).toEqual([]);
  });
});
