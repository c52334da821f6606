import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  axisOf,
  mostMs,
  periodHash,
  periodText,
  readPeriod,
  readPeriodField,
  usualPeriod,
  windowOf,
  zoomed,
} from '../../../../renderer/charts/period.ts';
import { fieldsIn, keepOthers } from '../../../../renderer/components/hash.ts';
import { historyMs } from '../../../../shared/history-ranges.ts';
import type { HistoryRange, HistorySpan } from '../../../../shared/models/telemetry.ts';

const now = 1_700_000_000_000;
const minute = 60_000;
const ranges = Object.keys(historyMs) as HistoryRange[];
const period: fc.Arbitrary<HistorySpan> = fc.oneof(
  fc.constantFrom(...ranges),
  fc
    .tuple(fc.integer({ min: 0, max: now }), fc.integer({ min: 2 * minute, max: mostMs }))
    .map(([from, width]) => ({ from, to: from + width })),
);

describe('the period in the address', () => {
  test('is read as it was written, beside the other fields of a page', () => {
    fc.assert(
      fc.property(period, fc.webQueryParameters(), (one, query) => {
        const before = new URLSearchParams(query);
        before.delete('period');
        const old = `#/requests?${before}&period=week`;
        const hash = keepOthers(old, '#/requests?period=week', periodHash({ period: one }, old));
        expect(readPeriodField(hash)).toEqual({ period: one });
        const fields = fieldsIn(hash);
        fields.delete('period');
        expect(Object.fromEntries(fields)).toEqual(Object.fromEntries([...before].toReversed()));
      }),
    );
    expect(periodHash({ period: usualPeriod }, '')).toBe('#/fleet');
  });

  test.each([
    null,
    '',
    'year',
    'constructor',
    '5-1',
    '1-2',
    `0-${mostMs + 1}`,
    '-5-900000',
    '1e3-900000',
    '9'.repeat(40),
  ])('%s is the usual one', (text) => expect(readPeriod(text)).toBe(usualPeriod));
});

describe('a zoom', () => {
  const moment = fc.integer({ min: now - mostMs, max: now });

  test('is a period that can be in the address, and never of the time to come', () => {
    fc.assert(
      fc.property(moment, moment, (one, other) => {
        const next = windowOf(one, other, now);
        expect(next.to).toBeLessThanOrEqual(now);
        expect(readPeriod(periodText(next))).toEqual(next);
      }),
    );
  });

  test('is half as long around the crosshair, and twice as long around the middle', () => {
    const axis = axisOf('hour', now);
    const half = zoomed(axis, 0.5, now - 20 * minute, now);
    expect(half).toEqual({ from: now - 35 * minute, to: now - 5 * minute });
    expect(zoomed({ first: now - 60 * minute, last: now - 30 * minute }, 2, null, now)).toEqual({
      from: now - 75 * minute,
      to: now - 15 * minute,
    });
  });

  test('out of the present goes back in time by all of it', () => {
    expect(zoomed(axisOf('hour', now), 2, null, now)).toEqual({ from: now - 120 * minute, to: now });
  });
});
