import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEta, createRateMeter } from '../../../../electron/core/indexing/progress.ts';

describe('the rate', () => {
  it('is what was counted in the last five seconds', () => {
    const meter = createRateMeter(5000);
    for (let at = 0; at <= 20_000; at += 100) meter.add(at, 10);
    expect(meter.perSecond(20_000)).toBeCloseTo(100, 0);
    expect(meter.perSecond(22_500)).toBeCloseTo(50, 0);
    expect(meter.perSecond(40_000)).toBe(0);
  });

  it('is not overstated in its first second', () => {
    const meter = createRateMeter();
    meter.add(0, 32);
    expect(meter.perSecond(0)).toBe(32);
    expect(meter.perSecond(10)).toBe(32);
  });

  it('is 0 before anything was counted', () => {
    expect(createRateMeter().perSecond(1000)).toBe(0);
  });

  it('of slow batches is known between them, and 0 when no more arrive', () => {
    const meter = createRateMeter();
    for (const at of [0, 20_000, 40_000]) meter.add(at, 32);
    expect(meter.perSecond(40_000)).toBe(1.6);
    expect(meter.perSecond(52_000)).toBe(1);
    expect(meter.perSecond(81_000)).toBe(0);
  });
});

describe('the remaining time', () => {
  /** Work at a steady pace, in steps of half a second; gives when it ended and how much was done. */
  function work(
    eta: ReturnType<typeof createEta>,
    from: { at: number; done: number },
    steps: number,
    each: number,
  ) {
    let { at, done } = from;
    for (let step = 0; step < steps; step += 1) {
      at += 500;
      done += each;
      eta.update(at, done);
    }
    return { at, done };
  }

  it('is unknown until two seconds were measured', () => {
    const eta = createEta();
    eta.update(0, 0);
    const soon = work(eta, { at: 0, done: 0 }, 4, 50);
    expect(eta.remainingMs(1000)).toBeNull();
    work(eta, soon, 1, 50);
    expect(eta.remainingMs(1000)).toBe(10_000);
  });

  it('does not count the time before anything was finished', () => {
    const eta = createEta();
    eta.update(0, 0);
    // A model is loaded for half an hour.
    eta.update(1_800_000, 10);
    work(eta, { at: 1_800_000, done: 10 }, 10, 100);
    expect(eta.remainingMs(2000)).toBe(10_000);
  });

  it('follows the rate of the last minute', () => {
    const eta = createEta(60_000);
    eta.update(0, 0);
    const fast = work(eta, { at: 0, done: 0 }, 240, 500);
    expect(eta.remainingMs(1000)).toBe(1000);
    const slower = work(eta, fast, 60, 50);
    const between = eta.remainingMs(1000) ?? 0;
    expect(between).toBeGreaterThan(1500);
    expect(between).toBeLessThan(10_000);
    work(eta, slower, 122, 50);
    expect(eta.remainingMs(1000)).toBe(10_000);
  });

  it('is unknown while nothing was finished for a minute, instead of growing for ever', () => {
    const eta = createEta();
    eta.update(0, 0);
    const { at, done } = work(eta, { at: 0, done: 0 }, 60, 500);
    eta.update(at + 30_000, done);
    expect(eta.remainingMs(10_000)).toBeLessThanOrEqual(21_000);
    eta.update(at + 60_000, done);
    expect(eta.remainingMs(10_000)).toBeNull();
    work(eta, { at: at + 60_000, done }, 4, 500);
    expect(eta.remainingMs(10_000)).not.toBeNull();
  });

  it('is known for files that take most of a minute each', () => {
    const eta = createEta();
    eta.update(0, 0);
    for (let file = 1; file <= 5; file += 1) eta.update(file * 40_000, file * 100);
    expect(eta.remainingMs(300)).toBe(120_000);
    eta.update(230_000, 500);
    expect(eta.remainingMs(300)).not.toBeNull();
  });

  it('forgets what it measured when other machines continue', () => {
    const eta = createEta();
    eta.update(0, 0);
    const { at, done } = work(eta, { at: 0, done: 0 }, 20, 500);
    eta.restart();
    expect(eta.remainingMs(1000)).toBeNull();
    eta.update(at, done);
    work(eta, { at, done }, 6, 25);
    expect(eta.remainingMs(1000)).toBe(20_000);
  });

  it('does not count the time of a pause', () => {
    const eta = createEta();
    eta.update(0, 0);
    const { done } = work(eta, { at: 0, done: 0 }, 10, 500);
    eta.pause();
    eta.update(1_000_000, done);
    work(eta, { at: 1_000_000, done }, 4, 500);
    expect(eta.remainingMs(1000)).toBe(1000);
  });

  it('is not changed by a file that failed to be stored', () => {
    const eta = createEta();
    eta.update(0, 0);
    const { at, done } = work(eta, { at: 0, done: 0 }, 20, 500);
    eta.update(at, done - 4000);
    work(eta, { at, done: done - 4000 }, 20, 500);
    expect(eta.remainingMs(1000)).toBe(1000);
  });

  it('is never negative and never not a number', () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 100_000 }),
      done: fc.integer({ min: 0, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 0, max: 1e9 }), (steps, remaining) => {
        const eta = createEta();
        let at = 0;
        let done = 0;
        for (const next of steps) {
          at += next.ms;
          done += next.done;
          eta.update(at, done);
        }
        const left = eta.remainingMs(remaining);
        expect(left === null || (Number.isFinite(left) && left >= 0)).toBe(true);
      }),
    );
  });
});
