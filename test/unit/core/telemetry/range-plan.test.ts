import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRange } from '../../../../electron/core/telemetry/range-plan.ts';
import { bucketStart, KEPT_MS, MINUTE, QUARTER } from '../../../../electron/core/telemetry/rollup.ts';
import { historyMs } from '../../../../shared/history-ranges.ts';
import type { HistoryRange } from '../../../../shared/models/telemetry.ts';
import { NOW } from '../placement/support.ts';

const ranges = Object.keys(historyMs) as HistoryRange[];

describe('a range up to now', () => {
  it('comes in at most as many buckets as were asked for, the one under way last', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ranges), fc.integer({ min: 1, max: 2880 }), (range, atMost) => {
        const plan = planRange(range, NOW, atMost);
        const step = plan.seconds * 1000;
        expect((plan.last - plan.from) / step + 1).toBeLessThanOrEqual(atMost);
        expect(plan.last).toBe(bucketStart(NOW, plan.seconds));
        expect(plan.seconds % plan.source).toBe(0);
      }),
    );
  });

  it.each([
    ['fifteen-minutes', 60, 60],
    ['hour', 60, 60],
    ['six-hours', 60, 180],
    ['day', 60, 720],
    ['week', 900, 5400],
    ['month', 900, 21_600],
  ] as const)('%s is read from buckets of %d s and drawn in ones of %d s', (range, source, seconds) => {
    expect(planRange(range, NOW, 120)).toMatchObject({ source, seconds });
  });
});

describe('a time between two moments', () => {
  const moment = fc.integer({ min: 0, max: 40 * 24 * 3_600_000 });

  it('covers what is kept of it, in at most as many buckets as were asked for', () => {
    fc.assert(
      fc.property(moment, moment, fc.integer({ min: 2, max: 2880 }), (one, other, atMost) => {
        const from = NOW - Math.max(one, other) - 1;
        const to = NOW - Math.min(one, other);
        const { source, seconds, from: first, last } = planRange({ from, to }, NOW, atMost);
        const begin = Math.max(from, NOW - KEPT_MS[QUARTER]);
        if (to <= begin) {
          expect(last).toBeLessThanOrEqual(first);
          return;
        }
        expect((last - first) / (seconds * 1000) + 1).toBeLessThanOrEqual(atMost);
        expect(first).toBeLessThanOrEqual(begin);
        expect(first).toBeGreaterThan(begin - seconds * 1000);
        expect(last + seconds * 1000).toBeGreaterThanOrEqual(to);
        expect(seconds % source).toBe(0);
      }),
    );
  });

  it('is read in minutes while all of it is kept in minutes', () => {
    const ago = (ms: number) => NOW - ms;
    expect(planRange({ from: ago(KEPT_MS[MINUTE]), to: NOW }, NOW, 2880).source).toBe(MINUTE);
    expect(planRange({ from: ago(KEPT_MS[MINUTE] + 1), to: NOW }, NOW, 2880).source).toBe(QUARTER);
  });

  it('has nothing of the time to come, and ends soon however it is asked', () => {
    const later = planRange({ from: NOW + 3_600_000, to: NOW + 7_200_000 }, NOW, 120);
    expect(later.last).toBeLessThan(later.from);
    const one = planRange({ from: 0, to: Number.MAX_SAFE_INTEGER }, NOW, 1);
    expect(one.from).toBe(one.last);
  });
});
