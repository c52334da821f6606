/** What changes while the agent asks its machine, and what blocks it: the whole agent over HTTP. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorld, type World, type WorldOptions } from './world.ts';

const minute = 60_000;
const policy = { finishAlone: true, idleMinutes: 5, countdownSeconds: 60 };
const lease = { holder: 'panel one', purpose: 'index of photos', ttlSeconds: 3600 };
const order = { action: 'shutdown', countdownSeconds: 30, by: 'panel one' };
const apt = { who: 'apt', why: 'Packages are installed' };

async function createWokenWorld(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  await world.call('PUT', '/v1/woken', { bootId: world.machine.bootId, by: 'panel-1' });
  expect((await world.call('PUT', '/v1/policies/panel-1', policy)).status).toBe(200);
  return world;
}

/** Lets the next question "who is logged in" wait until the test answers it. */
function holdUsers(world: World) {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string[]>();
  world.machine.readUsers = () => {
    asked.resolve();
    return answer.promise;
  };
  return { asked: asked.promise, answer: answer.resolve };
}

async function toCountdown(world: World): Promise<void> {
  await world.clock.advance(5 * minute + 30_000);
  expect(await world.power()).toMatchObject({ phase: 'countdown', current: { by: 'the agent itself' } });
}

describe('the automatic power-off decides on what is so now', () => {
  it.each([
    [
      'its policy becomes "never"',
      (w: World) => w.call('PUT', '/v1/policies/panel-1', { finishAlone: false }),
    ],
    ['its policy is removed', (w: World) => w.call('DELETE', '/v1/policies/panel-1')],
    ['another panel forbids it', (w: World) => w.call('PUT', '/v1/policies/panel-2', { finishAlone: false })],
    ['a lease begins', (w: World) => w.call('PUT', '/v1/leases/job-1', lease)],
  ])('and does not begin where %s while the machine is asked', async (_, change) => {
    await using world = await createWokenWorld();
    await world.clock.advance(5 * minute - 1000);
    const users = holdUsers(world);
    const passed = world.clock.advance(31_000);
    await users.asked;
    expect((await change(world)).status).toBeLessThan(300);
    users.answer([]);
    await passed;
    await world.call('GET', '/v1/policy');
    expect(await world.power()).toMatchObject({ phase: 'idle', current: null });
    await world.clock.advance(3 * minute);
    expect(world.machine.ran).toEqual([]);
    expect(world.machine.notices).toEqual([]);
  });

  it('once, however many ask at the same time', async () => {
    await using world = await createWokenWorld();
    await world.clock.advance(5 * minute - 1000);
    const users = holdUsers(world);
    const passed = world.clock.advance(31_000);
    await users.asked;
    const asking = Promise.all([1, 2, 3].map(() => world.call('GET', '/v1/policy')));
    users.answer([]);
    await passed;
    expect((await asking).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await world.power()).toMatchObject({ phase: 'countdown' });
    expect(world.machine.notices).toHaveLength(1);
    await world.clock.advance(minute);
    expect(world.machine.ran).toHaveLength(1);
  });

  it.each([
    [
      'a policy forbids it',
      (w: World) => w.call('PUT', '/v1/policies/panel-1', { finishAlone: false }),
      'Its policy now keeps it on.',
    ],
    [
      'its policy is removed',
      (w: World) => w.call('DELETE', '/v1/policies/panel-1'),
      'No policy powers this machine off any more.',
    ],
    [
      'another policy asks for more idle time',
      (w: World) => w.call('PUT', '/v1/policies/panel-2', { ...policy, idleMinutes: 60 }),
      'It has not been idle for as long as its policy requires.',
    ],
    [
      'another policy asks for a milder action',
      (w: World) => w.call('PUT', '/v1/policies/panel-2', { ...policy, action: 'sleep' }),
      'Its policy now calls for a different action or a longer countdown.',
    ],
    [
      'it is woken for a person',
      (w: World) => w.call('PUT', '/v1/woken', { bootId: w.machine.bootId, by: 'panel-2' }),
      'It has not been idle for as long as its policy requires.',
    ],
  ])('and its countdown ends as soon as %s', async (_, change, reason) => {
    await using world = await createWokenWorld();
    await toCountdown(world);
    expect((await change(world)).status).toBe(200);
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      last: { outcome: 'refused', code: 'NO_LONGER_WANTED', reason },
    });
    await world.clock.advance(2 * minute);
    expect(world.machine.ran).toEqual([]);
    // That was no person's "no": it may go later, if its policy says so.
    expect((await world.call('GET', '/v1/policy')).body.keptOn).toBe(false);
  });

  it('and its countdown continues where the same policy is laid down again', async () => {
    await using world = await createWokenWorld();
    await toCountdown(world);
    await world.call('PUT', '/v1/policies/panel-1', policy);
    expect(await world.power()).toMatchObject({ phase: 'countdown' });
    await world.clock.advance(minute);
    expect(world.machine.ran).toHaveLength(1);
  });

  it.each([
    [
      'somebody logs in',
      (w: World) => {
        w.machine.users = ['bob'];
      },
      'USERS',
    ],
    [
      'who is logged in can no longer be read',
      (w: World) => {
        w.machine.readUsers = () => Promise.reject(new Error('it hangs'));
      },
      'USERS_UNKNOWN',
    ],
    [
      'a program blocks it',
      (w: World) => {
        w.machine.blockers = async () => [apt];
      },
      'INHIBITED',
    ],
    [
      'what blocks it can no longer be read',
      (w: World) => {
        w.machine.blockers = () => Promise.reject(new Error('busctl hangs'));
      },
      'INHIBITORS_UNKNOWN',
    ],
  ])('and it stays on where %s in the countdown', async (_, change, code) => {
    await using world = await createWokenWorld();
    await toCountdown(world);
    change(world);
    await world.clock.advance(minute);
    expect(world.machine.ran).toEqual([]);
    expect(await world.power()).toMatchObject({ phase: 'idle', last: { outcome: 'refused', code } });
  });

  it.each([
    ['a policy forbids it', (w: World) => w.call('PUT', '/v1/policies/panel-1', { finishAlone: false })],
    ['a lease begins', (w: World) => w.call('PUT', '/v1/leases/job-1', lease)],
    ['a person cancels', (w: World) => w.call('POST', '/v1/power/cancel', { by: 'Ann' })],
  ])('and the act itself is dropped where %s during its last check', async (_, change) => {
    await using world = await createWokenWorld();
    await toCountdown(world);
    await world.clock.advance(25_000);
    const users = holdUsers(world);
    const passed = world.clock.advance(35_000);
    await users.asked;
    expect((await change(world)).status).toBeLessThan(300);
    users.answer([]);
    await passed;
    await world.call('GET', '/v1/policy');
    expect(await world.power()).toMatchObject({ phase: 'idle', current: null });
    expect(world.machine.ran).toEqual([]);
  });

  it.each(['while it is asked', 'while its own lock is let go'])(
    'and counts people where its policy comes to ask for them %s before the act',
    async (when) => {
      await using world = await createWorld();
      const blind = { ...policy, respectUsers: false };
      await world.call('PUT', '/v1/woken', { bootId: world.machine.bootId, by: 'panel-1' });
      await world.call('PUT', '/v1/policies/panel-1', blind);
      world.machine.users = ['bob'];
      await toCountdown(world);
      const asked = Promise.withResolvers<void>();
      const answer = Promise.withResolvers<void>();
      if (when === 'while it is asked') {
        world.machine.blockers = async () => {
          asked.resolve();
          await answer.promise;
          return [];
        };
      } else {
        world.machine.releasing = answer.promise;
        world.machine.inhibitorReleased = asked.resolve;
      }
      await world.clock.advance(29_000);
      const passed = world.clock.advance(31_000);
      await asked.promise;
      expect((await world.call('PUT', '/v1/policies/panel-1', policy)).status).toBe(200);
      answer.resolve();
      await passed;
      await world.call('GET', '/v1/policy');
      expect(world.machine.ran).toEqual([]);
    },
  );

  it('and a program that only keeps the machine from sleeping keeps it on', async () => {
    await using world = await createWokenWorld();
    world.machine.blockers = async (_, { automatic }) => (automatic ? [apt] : []);
    await world.clock.advance(30 * minute);
    expect(world.machine.ran).toEqual([]);
    expect((await world.call('GET', '/v1/policy')).body.reasons).toMatchObject([
      { code: 'INHIBITED', who: 'apt' },
    ]);
    // A person may power it off all the same.
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    await world.clock.advance(30_000);
    expect(world.machine.ran).toHaveLength(1);
  });

  it('and what was about to happen before a sleep does not happen after it', async () => {
    await using world = await createWokenWorld();
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    world.machine.sleptSeconds += 3600;
    await world.clock.advance(30_000);
    expect(world.machine.ran).toEqual([]);
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      last: { outcome: 'interrupted', code: 'SLEPT' },
    });
  });
});

describe('an order', () => {
  it('can be cancelled until its command is given', async () => {
    await using world = await createWokenWorld();
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    const { key } = JSON.parse(readFileSync(join(world.folder, 'countdown.json'), 'utf8')) as { key: string };
    const users = holdUsers(world);
    const passed = world.clock.advance(30_000);
    await users.asked;
    expect((await world.call('POST', '/v1/power/cancel-here', { key })).status).toBe(200);
    users.answer([]);
    await passed;
    expect(await world.power()).toMatchObject({ phase: 'idle', last: { outcome: 'cancelled' } });
    expect(world.machine.ran).toEqual([]);
  });

  it('is not given any more where the agent was stopped during its last check', async () => {
    const world = await createWokenWorld();
    await using _ = world;
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    const users = holdUsers(world);
    const passed = world.clock.advance(30_000);
    await users.asked;
    const restarted = world.restart();
    users.answer([]);
    await passed;
    await restarted;
    expect(world.machine.ran).toEqual([]);
  });

  it('is refused where a lease begins while its own lock is let go', async () => {
    await using world = await createWokenWorld();
    const releasing = Promise.withResolvers<void>();
    await world.call('PUT', '/v1/leases/job-0', lease);
    await world.call('DELETE', '/v1/leases/job-0');
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    world.machine.releasing = releasing.promise;
    world.machine.blockers = async () => {
      // The last answer that the check waits for.
      void world.call('PUT', '/v1/leases/job-1', lease).then(() => releasing.resolve());
      return [];
    };
    await world.clock.advance(30_000);
    await releasing.promise;
    expect(await world.power()).toMatchObject({ phase: 'idle', last: { outcome: 'refused', code: 'LEASE' } });
    expect(world.machine.ran).toEqual([]);
    expect(world.machine.inhibited).toBe(1);
  });

  it.each([
    ['counts down', 30],
    ['is to be carried out at once', 0],
  ])(
    'that %s is not carried out after a sleep, though nobody has noticed that yet',
    async (_, countdownSeconds) => {
      await using world = await createWokenWorld();
      expect((await world.call('POST', '/v1/power', { ...order, countdownSeconds })).status).toBe(202);
      // The last moments before the act.
      await world.clock.advance(Math.max(0, countdownSeconds * 1000 - 100));
      const users = holdUsers(world);
      const passed = world.clock.advance(300);
      await users.asked;
      world.machine.sleptSeconds += 3600;
      users.answer([]);
      await passed;
      expect(await world.power()).toMatchObject({
        phase: 'idle',
        last: { outcome: 'interrupted', code: 'SLEPT' },
      });
      expect(world.machine.ran).toEqual([]);
    },
  );

  it('is refused where the machine slept while it was asked', async () => {
    await using world = await createWokenWorld();
    const users = holdUsers(world);
    const asked = world.call('POST', '/v1/power', { ...order, countdownSeconds: 0 });
    await users.asked;
    world.machine.sleptSeconds += 3600;
    users.answer([]);
    expect((await asked).status).toBe(409);
    await world.clock.advance(1000);
    expect(world.machine.ran).toEqual([]);
  });

  it('right after a sleep is carried out', async () => {
    await using world = await createWokenWorld();
    world.machine.sleptSeconds += 3600;
    expect((await world.call('POST', '/v1/power', { ...order, countdownSeconds: 0 })).status).toBe(202);
    await world.clock.advance(1000);
    expect(world.machine.ran).toHaveLength(1);
  });

  it('of two panels at once is taken once', async () => {
    await using world = await createWokenWorld();
    const both = await Promise.all([
      world.call('POST', '/v1/power', { ...order, force: true }),
      world.call('POST', '/v1/power', { ...order, by: 'panel two' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    await world.clock.advance(30_000);
    expect(world.machine.ran).toHaveLength(1);
  });
});

describe('a program that blocks a power action', () => {
  it('refuses it with its name and reason, and with force it goes', async () => {
    await using world = await createWokenWorld();
    const asked: string[] = [];
    world.machine.blockers = async (action) => {
      asked.push(action);
      return [apt];
    };
    expect(await world.call('POST', '/v1/power', { ...order, action: 'restart' })).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'IN_USE',
          details: {
            reasons: [{ code: 'INHIBITED', ...apt, message: 'apt blocks it: Packages are installed.' }],
          },
        },
      },
    });
    expect(asked).toEqual(['restart']);
    expect(await world.call('POST', '/shutdown')).toMatchObject({
      status: 409,
      body: { success: false, reasons: [{ code: 'INHIBITED' }] },
    });
    expect(world.machine.ran).toEqual([]);
    expect((await world.call('POST', '/v1/power', { ...order, force: true })).status).toBe(202);
    // logind refuses a service's user then; the target is started instead.
    world.machine.failsOnce = new Error('busctl: Call failed: Stale file handle');
    await world.clock.advance(30_000);
    expect(world.machine.ran).toEqual([
      expect.stringMatching(/^busctl .* PowerOff b false$/),
      'systemctl --no-ask-password start --no-block --job-mode=replace-irreversibly poweroff.target',
    ]);
    expect(await world.power()).toMatchObject({ last: { outcome: 'done' } });
  });

  it('that cannot be read refuses an order, says so, and with force it goes', async () => {
    await using world = await createWokenWorld();
    world.machine.blockers = () => Promise.reject(new Error('Command failed: busctl\nspawn failed'));
    const refused = await world.call('POST', '/v1/power', order);
    expect(refused).toMatchObject({
      status: 409,
      body: { error: { code: 'IN_USE', details: { reasons: [{ code: 'INHIBITORS_UNKNOWN' }] } } },
    });
    expect((await world.call('POST', '/v1/power', { ...order, force: true })).status).toBe(202);
    await world.clock.advance(30_000);
    expect(world.machine.ran).toHaveLength(1);
  });

  it('keeps the machine on by policy, with the reason', async () => {
    await using world = await createWokenWorld();
    world.machine.blockers = async () => [apt];
    await world.clock.advance(60 * minute);
    expect((await world.call('GET', '/v1/policy')).body).toMatchObject({
      decision: { do: 'stay', why: 'in-use' },
      reasons: [{ code: 'INHIBITED', who: 'apt' }],
    });
    expect(world.machine.ran).toEqual([]);
  });

  it('that comes between the check and the act is why it did not go', async () => {
    await using world = await createWokenWorld();
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    let times = 0;
    world.machine.blockers = async () => {
      times += 1;
      return times === 1 ? [] : [apt];
    };
    world.machine.fails = new Error('busctl: Call failed: Interactive authentication required.');
    await world.clock.advance(30_000);
    expect(world.machine.ran).toHaveLength(1);
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      last: { outcome: 'refused', code: 'INHIBITED' },
    });
  });

  it.each([
    ['busctl: Call failed: Access denied', 'NOT_PERMITTED'],
    ['busctl: Call failed: Not enough swap space for hibernation', 'POWER_COMMAND_FAILED'],
  ])('is not blamed for what fails otherwise: %s', async (message, code) => {
    await using world = await createWokenWorld();
    expect((await world.call('POST', '/v1/power', order)).status).toBe(202);
    world.machine.fails = new Error(message);
    await world.clock.advance(30_000);
    expect(await world.power()).toMatchObject({
      last: { outcome: 'failed', code, reason: message, next: expect.any(String) },
    });
  });
});

describe('what the machine can do', () => {
  it('is what its system says; what it does not say is not offered', async () => {
    await using world = await createWorld();
    world.machine.abilities = { shutdown: 'yes', sleep: 'not-permitted', hibernate: 'not-supported' };
    expect((await world.power()).actions).toEqual(['shutdown']);
    expect(await world.call('POST', '/v1/power', { ...order, action: 'hibernate' })).toMatchObject({
      status: 501,
      body: { error: { code: 'NOT_SUPPORTED' } },
    });
    expect(world.machine.ran).toEqual([]);
  });

  it('is asked again where it was not known', async () => {
    await using world = await createWorld();
    world.machine.abilities = {};
    expect((await world.power()).actions).toEqual([]);
    world.machine.abilities = { shutdown: 'yes' };
    expect((await world.power()).actions).toEqual(['shutdown']);
    // What is not reported this time keeps its previous value.
    world.machine.abilities = { sleep: 'yes' };
    expect((await world.power()).actions).toEqual(['shutdown', 'sleep']);
  });
});

describe('a lease that does not keep it from sleeping', () => {
  const trouble = { code: 'SLEEP_NOT_BLOCKED', message: expect.stringContaining('Access denied') };

  it('is said in the state of its power, beside the leases and once in the log', async () => {
    await using world = await createWorld();
    expect((await world.power()).sleepTrouble).toBeNull();
    world.machine.inhibitorProblem = 'systemd-inhibit ended with code 1: Failed to inhibit: Access denied';
    await world.call('PUT', '/v1/leases/job-1', lease);
    expect((await world.power()).sleepTrouble).toMatchObject({ ...trouble, next: expect.any(String) });
    expect((await world.call('GET', '/v1/leases')).body.inhibitor).toMatchObject({ held: false, trouble });
    world.machine.inhibitorChanged();
    expect(world.said.filter((line) => line.includes('SLEEP_NOT_BLOCKED'))).toHaveLength(1);
    world.machine.inhibitorProblem = null;
    world.machine.inhibitorChanged();
    expect((await world.power()).sleepTrouble).toBeNull();
    expect(world.said.at(-1)).toContain('kept from sleeping again');
    await world.call('DELETE', '/v1/leases/job-1');
  });
});
