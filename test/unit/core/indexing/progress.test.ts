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
});

describe('the remaining time', () => {
  it('is unknown until a second was measured', () => {
    const eta = createEta();
    eta.update(0, 0);
    eta.update(500, 50);
    expect(eta.remainingMs(1000)).toBeNull();
    eta.update(1000, 100);
    expect(eta.remainingMs(1000)).toBe(10_000);
  });

  it('follows a change of speed, smoothly', () => {
    const eta = createEta(10_000);
    for (let at = 0; at <= 10_000; at += 500) eta.update(at, at);
    expect(eta.remainingMs(1000)).toBe(1000);
    let done = 10_000;
    for (let at = 10_500; at <= 20_000; at += 500) {
      done += 50;
      eta.update(at, done);
    }
    const after = eta.remainingMs(1000) ?? 0;
    expect(after).toBeGreaterThan(1500);
    expect(after).toBeLessThan(10_000);
  });

  it('forgets what it measured when other machines go on', () => {
    const eta = createEta();
    for (let at = 0; at <= 10_000; at += 500) eta.update(at, at);
    eta.restart();
    expect(eta.remainingMs(1000)).toBeNull();
    for (let at = 10_500; at <= 13_000; at += 500) eta.update(at, 10_000 + (at - 10_500) / 20);
    expect(eta.remainingMs(1000)).toBe(20_000);
  });

  it('does not count the time of a pause', () => {
    const eta = createEta();
    for (let at = 0; at <= 5000; at += 500) eta.update(at, at);
    eta.pause();
    eta.update(1_000_000, 5000);
    eta.update(1_000_500, 5500);
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
