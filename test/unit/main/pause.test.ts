import { describe, expect, it } from 'vitest';
import { createFakeFleetWorld } from '../../fakes/fleet-world.ts';

const url = 'http://192.168.1.20:11434';

describe('a computer that sleeps', () => {
  it('checks nothing in the meantime, and every node right away when it wakes', async () => {
    const world = createFakeFleetWorld();
    const { clock, fleet } = world;
    fleet.add({ url });
    await fleet.start();
    await clock.advance(20_000);
    const looks = () => world.server(url).calls.filter((call) => call === 'loaded').length;
    const before = looks();
    expect(before).toBeGreaterThan(1);
    const pausing = fleet.pause();
    await clock.flush();
    await pausing;
    await clock.advance(8 * 3_600_000);
    expect(looks()).toBe(before);
    // What was seen stays to be read.
    expect(fleet.list().map(({ state }) => state)).toContain('serving');
    fleet.resume();
    await clock.advance(100);
    expect(looks()).toBe(before + 1);
    await clock.advance(20_000);
    expect(looks()).toBeGreaterThan(before + 2);
    await world.stop();
  });
});
