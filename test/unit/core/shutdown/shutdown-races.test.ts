/** What changes while a machine is checked before it goes off: the check is held, something happens, it is let go. */

import { afterEach, describe, expect, test } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createPowerWorld, towerUrl } from '../../../fakes/power-world.ts';

const signal = new AbortController().signal;
const minute = 60_000;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function startedWorld() {
  const world = createPowerWorld();
  worlds.push(world);
  await world.start();
  const id = await world.addServed();
  return { ...world, id };
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

/** Its server answers a check only when the function that is returned is called. */
function holdChecks(world: Pick<Awaited<ReturnType<typeof startedWorld>>, 'server'>) {
  const server = world.server(towerUrl);
  const gate = Promise.withResolvers<void>();
  const before = server.calls.length;
  server.held = gate.promise;
  return {
    checks: () => server.calls.length - before,
    release() {
      server.held = null;
      gate.resolve();
    },
  };
}

type World = Awaited<ReturnType<typeof startedWorld>>;

/** Each of these reports that the machine stays on. */
const changes: [string, (world: World) => unknown][] = [
  ['its policy is set to never', (world) => world.shutdown.setPolicy(world.id, { powerOff: 'never' })],
  ['its policy asks for more idle time', (world) => world.shutdown.setPolicy(world.id, { idleMinutes: 600 })],
  [
    'someone keeps it awake',
    (world) => world.leases.keepAwake({ nodeId: world.id, until: null, purpose: 'a film' }),
  ],
  ['a job begins', (world) => world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'x' })],
  ['it is removed', (world) => world.fleet.remove(world.id)],
];

/** Advances time until the idle shutdown has begun and waits for its check. */
async function heldAtTheAct(world: World) {
  const { powerOff, idleMinutes } = world.shutdown.get(world.id).policy;
  expect(powerOff).toBe('always');
  await world.clock.advance(idleMinutes * minute - 10_000);
  for (let step = 0; step < 60; step += 1) {
    const hold = holdChecks(world);
    await world.clock.advance(500);
    // A second power-off is refused while one is being asked for.
    const request = { nodeId: world.id, force: true, countdownSeconds: 0 };
    const probe = new AbortController();
    probe.abort(new Error('Only a probe.'));
    const code = await world.shutdown.powerOff(request, probe.signal).then(
      () => 'none',
      (error: { code?: string }) => error.code ?? 'none',
    );
    if (code === 'POWER_ACTION_RUNNING') return hold;
    hold.release();
  }
  throw new Error('It never went.');
}

describe('a machine that goes off by itself', () => {
  test.each(changes)('stays on when, during the check before its countdown, %s', async (_, change) => {
    const world = await startedWorld();
    world.shutdown.setPolicy(world.id, { powerOff: 'always', idleMinutes: 2, countdownSeconds: 0 });
    // At the moment when it has been idle for long enough, its check is held.
    const { checks, release } = await heldAtTheAct(world);
    expect(checks()).toBeGreaterThan(0);
    change(world);
    release();
    await world.clock.advance(5 * minute);
    expect(world.shutdowns()).toEqual([]);
  });

  test.each([
    ...changes,
    ['a person cancels', (world: World) => world.shutdown.cancelPowerOff(world.id, signal)],
  ] as [string, (world: World) => unknown][])(
    'stays on when, during the check after its countdown, %s',
    async (_, change) => {
      const world = await startedWorld();
      world.shutdown.setPolicy(world.id, { powerOff: 'always', idleMinutes: 2, countdownSeconds: 60 });
      await world.clock.advance(2 * minute + 20_000);
      const endsAt = world.shutdown.get(world.id).countdown?.endsAt ?? 0;
      await world.clock.advance(endsAt - world.clock.now() - 1);
      const { checks, release } = holdChecks(world);
      await world.clock.advance(1);
      expect(world.shutdown.get(world.id).countdown).toBeNull();
      expect(checks()).toBeGreaterThan(0);
      await change(world);
      release();
      await world.clock.advance(1000);
      expect(world.shutdowns()).toEqual([]);
    },
  );

  test('counts down no more once its policy is set to never', async () => {
    const world = await startedWorld();
    world.shutdown.setPolicy(world.id, { powerOff: 'always', idleMinutes: 2, countdownSeconds: 60 });
    await world.clock.advance(2 * minute + 20_000);
    expect(world.shutdown.get(world.id).countdown).not.toBeNull();
    world.shutdown.setPolicy(world.id, { watts: 90 });
    expect(world.shutdown.get(world.id).countdown).not.toBeNull();
    world.shutdown.setPolicy(world.id, { powerOff: 'never' });
    expect(world.shutdown.get(world.id).countdown).toBeNull();
    await world.clock.advance(10 * minute);
    expect(world.shutdowns()).toEqual([]);
  });

  test.each([
    ['before its countdown', 0],
    ['after its countdown', 60],
  ])('stays on when the check %s is not answered: its use is unknown', async (_, countdownSeconds) => {
    const world = await startedWorld();
    world.shutdown.setPolicy(world.id, { powerOff: 'always', idleMinutes: 2, countdownSeconds });
    const server = world.server(towerUrl);
    if (countdownSeconds === 0) {
      const { release } = await heldAtTheAct(world);
      server.answer = 'hangs';
      release();
    } else {
      await world.clock.advance(2 * minute + 20_000);
      const endsAt = world.shutdown.get(world.id).countdown?.endsAt ?? 0;
      await world.clock.advance(endsAt - world.clock.now() - 1);
      server.answer = 'hangs';
    }
    await world.clock.advance(4000);
    expect(world.fleet.get(world.id)?.state).not.toBe('off');
    server.answer = 'serves';
    await world.clock.advance(30_000);
    expect(world.shutdowns()).toEqual([]);
    if (countdownSeconds > 0) {
      expect(world.entries.at(-1)).toMatchObject({
        message: fact('NODE_STAYS_ON', { node: 'tower' }),
        why: { code: 'IN_USE_BECAUSE', params: { unknown: fact('NO_ANSWER_USE_UNKNOWN') } },
      });
    }
  });

  test('goes off where nothing changed during either check', async () => {
    const world = await startedWorld();
    world.shutdown.setPolicy(world.id, { powerOff: 'always', idleMinutes: 2, countdownSeconds: 60 });
    await world.clock.advance(4 * minute);
    expect(world.shutdowns()).toHaveLength(1);
  });
});

describe('a machine that a person powers off', () => {
  test('is not asked twice, however the second request comes', async () => {
    const world = await startedWorld();
    const { release } = holdChecks(world);
    const request = { nodeId: world.id, force: false, countdownSeconds: 0 };
    const first = world.shutdown.powerOff(request, signal);
    await expect(world.shutdown.powerOff(request, signal)).rejects.toMatchObject({
      code: 'POWER_ACTION_RUNNING',
    });
    await expect(world.shutdown.powerOff({ ...request, force: true }, signal)).rejects.toMatchObject({
      code: 'POWER_ACTION_RUNNING',
    });
    release();
    await first;
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('is not powered off while its use is unknown, unless that is forced', async () => {
    const world = await startedWorld();
    world.server(towerUrl).answer = { fails: new PilotlightError('HOST_TIMEOUT') };
    const request = { nodeId: world.id, force: false, countdownSeconds: 0 };
    await expect(world.shutdown.powerOff(request, signal)).rejects.toMatchObject({
      code: 'IN_USE',
      details: { reasons: [expect.stringContaining('unknown')] },
    });
    expect(world.shutdowns()).toEqual([]);
    await world.shutdown.powerOff({ ...request, force: true }, signal);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test.each([
    ['someone keeps it awake', 'IN_USE', changes[2]?.[1]],
    ['it is removed', 'NOT_FOUND', changes[4]?.[1]],
    [
      'its shutdown server is removed',
      'CANNOT_POWER_OFF',
      (world: World) => world.fleet.update(world.id, { shutdownUrl: null }),
    ],
  ])('stays on when, during the check, %s', async (_, code, change) => {
    const world = await startedWorld();
    const { release } = holdChecks(world);
    const request = { nodeId: world.id, force: false, countdownSeconds: 0 };
    const asked = world.shutdown.powerOff(request, signal);
    const refused = expect(asked).rejects.toMatchObject({ code });
    await world.clock.flush();
    change?.(world);
    release();
    await refused;
    expect(world.shutdowns()).toEqual([]);
  });

  test.each([
    ['someone cancels', (world: World) => world.shutdown.cancelPowerOff(world.id, signal)],
    [
      'a job needs it for a moment',
      (world: World) =>
        world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'x' })[Symbol.dispose](),
    ],
    ['this computer goes to sleep', (world: World) => world.powerServices.pause()],
  ] as [string, (world: World) => unknown][])(
    'stays on when, during the check after its countdown, %s',
    async (_, change) => {
      const world = await startedWorld();
      const request = { nodeId: world.id, force: false, countdownSeconds: 60 };
      await world.shutdown.powerOff(request, signal);
      await world.clock.advance(minute - 1);
      const { checks, release } = holdChecks(world);
      await world.clock.advance(1);
      expect(checks()).toBe(1);
      await change(world);
      release();
      await world.clock.advance(minute);
      expect(world.shutdowns()).toEqual([]);
      expect(world.shutdown.get(world.id)).toMatchObject({
        countdown: null,
        leaving: null,
        lastOffError: null,
      });
    },
  );

  test('goes off at the end of a countdown that was forced, though a job begins meanwhile', async () => {
    const world = await startedWorld();
    await world.shutdown.powerOff({ nodeId: world.id, force: true, countdownSeconds: 60 }, signal);
    const { endsAt } = world.shutdown.get(world.id).countdown ?? {};
    await world.clock.advance(30_000);
    world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'x' });
    world.leases.keepAwake({ nodeId: world.id, until: null, purpose: 'a film' });
    expect(world.shutdown.get(world.id).countdown).toMatchObject({ endsAt });
    await world.clock.advance(30_000);
    expect(world.shutdowns()).toHaveLength(1);
  });

  test('counts down no more when a job begins, where it was not forced', async () => {
    const world = await startedWorld();
    await world.shutdown.powerOff({ nodeId: world.id, force: false, countdownSeconds: 60 }, signal);
    world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'x' })[Symbol.dispose]();
    expect(world.shutdown.get(world.id).countdown).toBeNull();
    await world.clock.advance(2 * minute);
    expect(world.shutdowns()).toEqual([]);
  });
});
