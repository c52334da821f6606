import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leastSpanMs, readZoom, zoomHash, zoomWithin } from '../../../../renderer/charts/span.ts';

const now = 1_700_000_000_000;
const moment = fc.integer({ min: now, max: now + 3_600_000 });

describe('a part of a run', () => {
  test('is read from the address as it was written', () => {
    const zoom = { first: now, last: now + 10_000 };
    expect(readZoom(zoomHash({ zoom }, '#/index?run=a'))).toEqual({ zoom });
    expect(zoomHash({ zoom: null }, '#/index?run=a')).toBe('#/index');
    for (const text of ['', '5-1', `${now}-${now + leastSpanMs - 1}`, 'a-b', '-1-90000'])
      expect(readZoom(`#/index?zoom=${text}`)).toEqual({ zoom: null });
  });

  test('lies in it, is no shorter than can be told apart, and is never all of it', () => {
    fc.assert(
      fc.property(moment, moment, moment, moment, (a, b, c, d) => {
        const whole = { first: Math.min(a, b), last: Math.max(a, b) };
        const part = zoomWithin({ first: Math.min(c, d), last: Math.max(c, d) }, whole);
        if (part === null) return;
        expect(part.first).toBeGreaterThanOrEqual(whole.first);
        expect(part.last).toBeLessThanOrEqual(whole.last);
        expect(part.last - part.first).toBeGreaterThanOrEqual(leastSpanMs);
        expect(part.last - part.first).toBeLessThan(whole.last - whole.first);
      }),
    );
    expect(zoomWithin({ first: 0, last: 1000 }, { first: 0, last: 60_000 })).toEqual({
      first: 0,
      last: 2000,
    });
    expect(zoomWithin({ first: 59_500, last: 59_900 }, { first: 0, last: 60_000 })).toEqual({
      first: 58_000,
      last: 60_000,
    });
    expect(zoomWithin({ first: 70_000, last: 80_000 }, { first: 0, last: 60_000 })).toBeNull();
  });
});
