import { describe, expect, it } from 'vitest';
import { keepPlaces } from '../../../../../electron/workers/runner/door/keep-places.ts';
import { createFakeClock } from '../../../../fakes/clock.ts';

function keep() {
  const clock = createFakeClock();
  const stop = new AbortController();
  const world = { other: null as object | null, fails: false, claims: 0, lost: 0, warnings: 0 };
  keepPlaces({
    clock,
    signal: stop.signal,
    log: {
      warn() {
        world.warnings += 1;
      },
    },
    async claim() {
      world.claims += 1;
      if (world.fails) throw new Error('The disk is full.');
      return world.other;
    },
    onLost() {
      world.lost += 1;
    },
  });
  return { clock, stop, world };
}

describe('the places of a runner', () => {
  it('are written again, until another runner has them', async () => {
    const { clock, world } = keep();
    await clock.advance(30_000);
    expect(world).toMatchObject({ claims: 3, lost: 0 });
    world.other = {};
    await clock.advance(10_000);
    expect(world).toMatchObject({ claims: 4, lost: 1 });
    await clock.advance(60_000);
    expect(world).toMatchObject({ claims: 4, lost: 1 });
  });

  it('are tried again after a failure, and left alone after the end', async () => {
    const { clock, world, stop } = keep();
    world.fails = true;
    await clock.advance(20_000);
    expect(world).toMatchObject({ claims: 2, lost: 0, warnings: 2 });
    world.fails = false;
    world.other = {};
    stop.abort();
    await clock.advance(60_000);
    expect(world).toMatchObject({ claims: 2, lost: 0 });
  });
});
