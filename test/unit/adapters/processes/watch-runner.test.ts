import { describe, expect, it } from 'vitest';
import { watchRunner } from '../../../../electron/adapters/processes/runner/watch-runner.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const endpoint = { pid: 4711, port: 8765, token: 'token' };

function watch() {
  const clock = createFakeClock();
  const world = { isAlive: true, answers: true, asked: 0, gone: [] as string[] };
  const watching = watchRunner({
    endpoint,
    timer: clock.timer,
    onGone: (why) => world.gone.push(why),
    isAlive: () => world.isAlive,
    async answers() {
      world.asked += 1;
      return world.answers;
    },
  });
  return { clock, world, watching };
}

describe('the watch over a runner', () => {
  it('says at once when its process has ended, and only then', async () => {
    const { clock, world } = watch();
    await clock.advance(60_000);
    expect(world.gone).toEqual([]);
    world.isAlive = false;
    await clock.advance(1000);
    expect(world.gone).toEqual(['ended']);
    await clock.advance(60_000);
    expect([world.gone, clock.pending()]).toEqual([['ended'], 0]);
  });

  it('notices that it does not answer any more, but not for one late answer', async () => {
    const { clock, world } = watch();
    world.answers = false;
    await clock.advance(25_000);
    expect([world.asked, world.gone]).toEqual([5, []]);
    world.answers = true;
    await clock.advance(5000);
    world.answers = false;
    await clock.advance(25_000);
    expect(world.gone).toEqual([]);
    await clock.advance(5000);
    expect(world.gone).toEqual(['hung']);
  });

  it('says nothing after it was stopped, not even of an answer that comes then', async () => {
    const { clock, world, watching } = watch();
    world.answers = false;
    await clock.advance(29_000);
    watching.stop();
    await clock.advance(60_000);
    expect([world.gone, clock.pending()]).toEqual([[], 0]);
  });
});
