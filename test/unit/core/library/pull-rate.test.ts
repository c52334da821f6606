import { describe, expect, it } from 'vitest';
import { type Mark, rateOf, withMark } from '../../../../electron/core/library/pull-rate.ts';

const marksAfter = (...marks: [at: number, bytes: number][]) =>
  marks.reduce<readonly Mark[]>((all, [at, bytes]) => withMark(all, { at, bytes }), []);

describe('the rate of a download', () => {
  it('is unknown until there is a second of it', () => {
    expect(rateOf([])).toBeNull();
    expect(rateOf(marksAfter([0, 0]))).toBeNull();
    expect(rateOf(marksAfter([0, 0], [999, 500]))).toBeNull();
    expect(rateOf(marksAfter([0, 0], [1000, 500]))).toBe(500);
  });

  it('leaves out what was there before', () => {
    expect(rateOf(marksAfter([0, 4_000_000], [2000, 4_001_000]))).toBe(500);
  });

  it('follows the last ten seconds', () => {
    const marks = Array.from({ length: 60 }, (_, index): [number, number] => [
      index * 500,
      index < 30 ? index * 500 : 15_000 + (index - 30) * 5000,
    ]);
    expect(rateOf(marksAfter(...marks))).toBe(10_000);
    expect(marksAfter(...marks).length).toBeLessThanOrEqual(22);
  });

  it('is zero for one that has stalled', () => {
    expect(rateOf(marksAfter([0, 5], [5000, 5], [15_000, 5], [26_000, 5]))).toBe(0);
  });

  it('begins again when a layer begins again', () => {
    const marks = marksAfter([0, 100], [2000, 5000], [4000, 10]);
    expect(marks).toEqual([{ at: 4000, bytes: 10 }]);
    expect(rateOf(marks)).toBeNull();
  });

  it('keeps few of many lines', () => {
    const marks = Array.from({ length: 1000 }, (_, index): [number, number] => [index * 60, index]);
    expect(marksAfter(...marks).length).toBeLessThan(25);
  });
});
