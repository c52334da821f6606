import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../fakes/clock.ts';

describe('the fake clock', () => {
  it('runs timers in order of time, then of their making, and moves both of its times', async () => {
    const clock = createFakeClock(1000);
    const seen: [string, number][] = [];
    clock.timer(20, () => seen.push(['late', clock.now()]));
    clock.timer(10, () => seen.push(['early', clock.now()]));
    clock.timer(20, () => seen.push(['late too', clock.now()]));
    await clock.advance(15);
    expect(seen).toEqual([['early', 1010]]);
    await clock.advance(5);
    expect(seen.map(([name]) => name)).toEqual(['early', 'late', 'late too']);
    expect(clock.now()).toBe(1020);
    expect(clock.monotonic()).toBe(20);
  });

  it('runs what timers start on the way', async () => {
    const clock = createFakeClock();
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.monotonic());
      if (seen.length < 3) clock.timer(10, again);
    };
    clock.timer(10, again);
    await clock.advance(100);
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.pending()).toBe(0);
  });

  it('sleeps until its time or an abort', async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    let woke = false;
    const slept = clock.sleep(10).then(() => {
      woke = true;
    });
    const broken = clock.sleep(1000, controller.signal).catch((reason: unknown) => reason);
    await clock.advance(9);
    expect(woke).toBe(false);
    await clock.advance(1);
    await slept;
    controller.abort('enough');
    expect(await broken).toBe('enough');
    await expect(clock.sleep(1, AbortSignal.abort('before'))).rejects.toBe('before');
    expect(clock.pending()).toBe(0);
  });

  it('forgets a cancelled timer', async () => {
    const clock = createFakeClock();
    let fired = false;
    clock
      .timer(5, () => {
        fired = true;
      })
      .cancel();
    await clock.advance(10);
    expect(fired).toBe(false);
  });
});
