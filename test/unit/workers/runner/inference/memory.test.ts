import { describe, expect, it } from 'vitest';
import { createMemoryWatch } from '../../../../../electron/workers/runner/inference/memory.ts';
import { createFakeClock } from '../../../../fakes/clock.ts';

const limits = { idleMs: 1000, slackBytes: 10, growthBytes: 100 };

function world({ isBusy = (): boolean => false } = {}) {
  const clock = createFakeClock();
  const restarts: string[] = [];
  const watch = createMemoryWatch({ limits, clock, isBusy, restart: (why) => restarts.push(why) });
  return { clock, restarts, watch };
}

describe('the memory of the inference process', () => {
  it('is given back when nothing has run for a while', async () => {
    const { clock, restarts, watch } = world();
    watch.seen(50);
    watch.seen(61);
    await clock.advance(999);
    expect(restarts).toHaveLength(0);
    await clock.advance(1);
    expect(restarts).toHaveLength(1);
  });

  it('may be a little more than after the smallest run', async () => {
    const { clock, restarts, watch } = world();
    watch.seen(50);
    watch.seen(60);
    await clock.advance(5000);
    expect(restarts).toHaveLength(0);
  });

  it('counts as it was after the last run, beside the smallest one', async () => {
    const { clock, restarts, watch } = world();
    for (const rss of [70, 90, 50, 60]) watch.seen(rss);
    await clock.advance(5000);
    expect(restarts).toHaveLength(0);
    watch.seen(61);
    await clock.advance(5000);
    expect(restarts).toHaveLength(1);
  });

  it('is not given back while runs go on or wait', async () => {
    let busy = true;
    const { clock, restarts, watch } = world({ isBusy: () => busy });
    watch.seen(50);
    watch.seen(90);
    await clock.advance(900);
    watch.seen(90);
    await clock.advance(999);
    expect(clock.pending()).toBe(1);
    await clock.advance(1);
    expect(restarts).toHaveLength(0);
    busy = false;
    watch.seen(90);
    await clock.advance(1000);
    expect(restarts).toHaveLength(1);
  });

  it('is given back at once, even between two runs, when it has grown far', () => {
    const { restarts, watch } = world({ isBusy: () => true });
    watch.seen(50);
    watch.seen(150);
    expect(restarts).toHaveLength(0);
    watch.seen(151);
    expect(restarts).toHaveLength(1);
  });

  it('of the next process is compared with nothing of the one before', async () => {
    const { clock, restarts, watch } = world();
    watch.seen(50);
    watch.seen(90);
    watch.forget();
    await clock.advance(5000);
    watch.seen(500);
    await clock.advance(5000);
    expect(restarts).toHaveLength(0);
  });

  it('is not watched after the stop', async () => {
    const { clock, restarts, watch } = world();
    watch.seen(50);
    watch.seen(90);
    watch.stop();
    await clock.advance(5000);
    expect([restarts.length, clock.pending()]).toEqual([0, 0]);
  });
});
