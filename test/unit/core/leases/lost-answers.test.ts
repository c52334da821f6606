/** An agent acted but its answer was lost: it may hold a lease, which must not be relied on. */
import { afterEach, expect, test } from 'vitest';
import { createPowerWorld } from '../../../fakes/power-world.ts';

const second = 1000;
const minute = 60 * second;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function worldWithAgent() {
  const world = createPowerWorld();
  worlds.push(world);
  await world.start();
  const id = await world.addWithAgent();
  const puts = () => world.agent.calls.filter((call) => call.startsWith('putLease')).length;
  const hold = () => world.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
  return { ...world, id, puts, hold };
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

test('a lease that ends while its answer is lost is ended at the agent, which took it', async () => {
  const world = await worldWithAgent();
  const found = world.agent.loseAnswers('putLease');
  const lease = world.hold();
  await world.clock.advance(second);
  expect(world.agent.leases).toHaveLength(1);
  expect(world.shutdown.get(world.id).leases).toMatchObject([{ mirrored: false }]);
  lease[Symbol.dispose]();
  found();
  await world.clock.advance(minute);
  expect(world.agent.leases).toEqual([]);
});

test('a lease whose answer was lost is put again until one arrives', async () => {
  const world = await worldWithAgent();
  const found = world.agent.loseAnswers('putLease');
  world.hold();
  await world.clock.advance(second);
  expect(world.puts()).toBe(1);
  found();
  await world.clock.advance(10 * second);
  expect(world.puts()).toBe(2);
  expect(world.shutdown.get(world.id).leases).toMatchObject([{ mirrored: true }]);
  expect(world.agent.leases).toHaveLength(1);
});

test('a lease whose end was not confirmed is ended again', async () => {
  const world = await worldWithAgent();
  const lease = world.hold();
  await world.clock.advance(second);
  const found = world.agent.loseAnswers('endLease');
  lease[Symbol.dispose]();
  await world.clock.advance(second);
  const ends = () => world.agent.calls.filter((call) => call.startsWith('endLease')).length;
  expect(ends()).toBe(1);
  found();
  await world.clock.advance(10 * second);
  expect(ends()).toBe(2);
  await world.clock.advance(10 * minute);
  expect(ends()).toBe(2);
});

test('an agent whose answers are lost is tried again after 5, 10, 20, 40 and then each 60 seconds', async () => {
  const world = await worldWithAgent();
  world.agent.loseAnswers('putLease');
  world.hold();
  const began = world.clock.monotonic();
  await world.clock.advance(1);
  const times = [0];
  while (times.length < 7) {
    const before = world.puts();
    await world.clock.advance(second);
    if (world.puts() > before) times.push(Math.floor((world.clock.monotonic() - began) / second));
  }
  const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
});
