/** Readings of an agent that cross: one is held on its way while the world changes. */
import { afterEach, describe, expect, test } from 'vitest';
import { createPowerWorld } from '../../../fakes/power-world.ts';

const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function reachedWorld() {
  const world = createPowerWorld();
  worlds.push(world);
  await world.start();
  return { ...world, id: await world.addWithAgent() };
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

describe('what is read of an agent', () => {
  test('is the newest, whichever answer comes first', async () => {
    const world = await reachedWorld();
    const release = world.agent.hold('policy', 'after', 1);
    const first = world.agents.refresh(world.id);
    await world.clock.flush();
    world.agent.policy = { ...world.agent.policy, remainingMs: 5000 };
    const second = world.agents.refresh(world.id);
    await world.clock.flush();
    release();
    await Promise.all([first, second]);
    expect(world.agents.policyView(world.id)?.remainingMs).toBe(5000);
  });

  test('ends no lease that was renewed while the list was on its way', async () => {
    const world = await reachedWorld();
    const { lease } = world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(30_000);
    // It ran out at the agent, whose list is read and comes late; by then it is held there again.
    world.agent.leases = [];
    const release = world.agent.hold('leases', 'after', 1);
    const reading = world.agents.refresh(world.id);
    await world.clock.advance(15_000);
    expect(world.agent.leases.map(({ id }) => id)).toEqual([lease.id]);
    release();
    await reading;
    await world.clock.advance(1000);
    expect(world.leases.ledger.get(lease.id)).not.toBeNull();
    expect(world.agent.leases.map(({ id }) => id)).toEqual([lease.id]);
  });

  test('still ends a lease that someone else released', async () => {
    const world = await reachedWorld();
    const { lease } = world.leases.ledger.hold({ nodeId: world.id, kind: 'job', purpose: 'index "Notes"' });
    await world.clock.advance(1000);
    world.agent.leases = [];
    await world.agents.refresh(world.id);
    expect(world.leases.ledger.get(lease.id)).toBeNull();
  });
});
