/** What the agent cannot read of its machine's use: the whole agent over HTTP, its time moved by hand. */
import { describe, expect, it } from 'vitest';
import { createWorld, logindCommand, type World, type WorldOptions } from './world.ts';

const minute = 60_000;
const poweroff = logindCommand('PowerOff');
const policy = { finishAlone: true, onlyIfWoken: false, idleMinutes: 5, countdownSeconds: 60 };

async function createIdleWorld(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  expect((await world.call('PUT', '/v1/policies/panel-1', policy)).status).toBe(200);
  return world;
}

const seen = async (world: World) => {
  const { decision, reasons } = (await world.call('GET', '/v1/policy')).body;
  return { decision, reasons };
};

describe('what is not known', () => {
  it('keeps the machine on, with the reason as data, until it is known', async () => {
    await using world = await createIdleWorld();
    world.machine.usersProblem = 'busctl did not answer in time and was stopped.';
    world.machine.gpuProblem = 'nvidia-smi printed nothing.';
    await world.clock.advance(60 * minute);
    expect(world.machine.ran).toEqual([]);
    expect(await seen(world)).toMatchObject({
      decision: { do: 'stay', why: 'in-use' },
      reasons: [
        { code: 'GPU_UNKNOWN', problem: 'nvidia-smi printed nothing.' },
        { code: 'USERS_UNKNOWN', problem: 'busctl did not answer in time and was stopped.' },
      ],
    });
    world.machine.gpuProblem = null;
    await world.clock.advance(60 * minute);
    expect(world.machine.ran).toEqual([]);
    world.machine.usersProblem = null;
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it('of others counts beside an owner who is ignored', async () => {
    await using world = await createIdleWorld({ config: { ignoreUser: ['ann'] } });
    world.machine.users = ['ann'];
    world.machine.usersProblem = 'who failed with code 1.';
    await world.clock.advance(60 * minute);
    expect(world.machine.ran).toEqual([]);
    expect(await seen(world)).toMatchObject({ reasons: [{ code: 'USERS_UNKNOWN' }] });
  });

  it('of people counts for nothing where the policy does not ask for them', async () => {
    await using world = await createWorld();
    await world.call('PUT', '/v1/policies/panel-1', { ...policy, respectUsers: false });
    world.machine.usersProblem = 'who failed with code 1.';
    await world.clock.advance(7 * minute);
    expect(world.machine.ran).toEqual([poweroff]);
  });

  it.each(['gpuProblem', 'usersProblem'] as const)(
    'when its own countdown ends keeps it on too (%s)',
    async (problem) => {
      await using world = await createIdleWorld();
      await world.clock.advance(5 * minute + 30_000);
      expect(await world.power()).toMatchObject({ phase: 'countdown', current: { by: 'the agent itself' } });
      world.machine[problem] = 'It hangs.';
      await world.clock.advance(minute);
      expect(world.machine.ran).toEqual([]);
      expect(await world.power()).toMatchObject({
        phase: 'idle',
        last: { outcome: 'refused', reason: expect.stringContaining('It hangs.') },
      });
    },
  );

  it('does not refuse a person who asks for it', async () => {
    await using world = await createIdleWorld();
    world.machine.usersProblem = 'It hangs.';
    world.machine.gpuProblem = 'It hangs.';
    const asked = await world.call('POST', '/v1/power', { action: 'shutdown', by: 'ann' });
    expect(asked.status).toBe(202);
    await world.clock.advance(1000);
    expect(world.machine.ran).toEqual([poweroff]);
  });
});
