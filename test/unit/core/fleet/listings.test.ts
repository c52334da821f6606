import { describe, expect, it } from 'vitest';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';

/** A machine that was listed once, as an earlier run left it. */
async function listedOnce() {
  const world = createFakeFleetWorld();
  world.server(url);
  const { id } = world.fleet.add({ url, name: 'tower' });
  await world.fleet.start();
  await world.clock.advance(1000);
  const installed = world.fleet.get(id)?.installed ?? [];
  await world.stop();
  return { id, installed, records: [...world.saved.values()], listings: [...world.listings.values()] };
}

describe('what a server listed', () => {
  it('is saved, and known of a machine that sleeps when Pilotlight starts', async () => {
    const { id, installed, records, listings } = await listedOnce();
    expect(installed.length).toBeGreaterThan(0);
    expect(listings).toMatchObject([{ nodeId: id, url, models: installed }]);
    const world = createFakeFleetWorld({ records, listings });
    world.server(url).answer = asleep();
    await world.fleet.start();
    await world.clock.advance(100);
    expect(world.fleet.get(id)).toMatchObject({ state: 'off', installed, loaded: [] });
    await world.stop();
  });

  it('is saved only when it changed, and shown as the same list meanwhile', async () => {
    const { id, records, listings } = await listedOnce();
    const world = createFakeFleetWorld({ records, listings });
    world.server(url);
    await world.fleet.start();
    const { installed } = world.fleet.require(id);
    await world.clock.advance(300_000);
    expect([...world.listings.values()]).toEqual(listings);
    expect(world.fleet.get(id)?.installed).toBe(installed);
    await world.stop();
  });

  it('says nothing of another server at another address', async () => {
    const { id, records, listings } = await listedOnce();
    const world = createFakeFleetWorld({ records, listings });
    world.server('http://192.168.1.21:11434').answer = asleep();
    world.fleet.update(id, { url: 'http://192.168.1.21:11434' });
    expect(world.fleet.get(id)?.installed).toEqual([]);
    world.fleet.update(id, { url });
    expect(world.fleet.get(id)?.installed).toEqual(listings[0]?.models);
    await world.stop();
  });
});
