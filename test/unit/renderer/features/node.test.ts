import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeTicks } from '../../../../renderer/charts/time-axis.ts';
import { lasting, modelsIn } from '../../../../renderer/features/node/node-page-text.ts';
import { awakeSpans, onSpans, withPresent } from '../../../../renderer/features/node/timeline.ts';
import { continueBuckets, fromLive, vectorsOf } from '../../../../renderer/stores/node-buckets.ts';
import type { NodeBucket } from '../../../../shared/models/telemetry.ts';
import { aNodeBucket } from '../../../fakes/node-bucket.ts';

const width = 720_000;
const start = 1_700_000_000_000 - (1_700_000_000_000 % width);

function bucket(index: number, servingSeconds: number, patch: Partial<NodeBucket> = {}): NodeBucket {
  return aNodeBucket({ at: start + index * width, seconds: 720, servingSeconds, ...patch });
}

describe('the timeline', () => {
  const now = start + 10 * width;

  test('a span begins late in its first bucket and ends early in its last', () => {
    const spans = awakeSpans([bucket(1, 120), bucket(2, 720), bucket(3, 60)], start, now);
    expect(spans).toEqual([
      { from: start + 2 * width - 120_000, to: start + 3 * width + 60_000, kind: 'awake' },
    ]);
  });

  test('a model in VRAM makes another kind; being on stays one stretch', () => {
    const spans = awakeSpans([bucket(1, 720), bucket(2, 720, { vramByModel: { a: 1 } })], start, now);
    expect(spans.map(({ kind }) => kind)).toEqual(['awake', 'gpu']);
    expect(onSpans(spans)).toEqual([{ from: start + width, to: start + 3 * width }]);
  });

  test('a night between two evenings is no time awake', () => {
    expect(onSpans(awakeSpans([bucket(1, 720), bucket(5, 720)], start, now))).toHaveLength(2);
  });

  test('what serves now is drawn up to now, and never over what is known', () => {
    const spans = awakeSpans([bucket(8, 720)], start, now);
    const serving = { state: 'serving' as const, since: start + 8 * width + 1000 };
    expect(withPresent(spans, serving, start, now).at(-1)).toEqual({
      from: start + 9 * width,
      to: now,
      kind: 'awake',
    });
    expect(withPresent(spans, { ...serving, state: 'off' }, start, now)).toEqual(spans);
  });

  test('spans lie in the range, in order, and never overlap', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -2, max: 12 }), { maxLength: 14 }),
        fc.array(fc.integer({ min: 0, max: 720 }), { minLength: 14, maxLength: 14 }),
        (indexes, seconds) => {
          const buckets = indexes
            .toSorted((a, b) => a - b)
            .map((index, order) => bucket(index, seconds[order] ?? 0));
          let last = start;
          for (const span of awakeSpans(buckets, start, now)) {
            expect(span.from).toBeGreaterThanOrEqual(last);
            expect(span.to).toBeGreaterThan(span.from);
            expect(span.to).toBeLessThanOrEqual(now);
            last = span.to;
          }
        },
      ),
    );
  });
});

describe('history of a node', () => {
  const live = (at: number, watts: number) => ({
    at,
    vramByModel: { a: 4 },
    utilisation: { sum: 50, count: 1, min: 50, max: 50 },
    power: { sum: watts, count: 1, min: watts, max: watts },
    temperature: { sum: 50, count: 1, min: 50, max: 50 },
  });

  test('the stream continues where the stored buckets end, and nothing counts twice', () => {
    const until = start + 60_000;
    const kept = [bucket(0, 60, { powerWatts: 100, vramByModel: { a: 1 } })];
    const joined = continueBuckets(kept, fromLive([live(start + 30_000, 999), live(until, 400)]), until, 720);
    expect(joined).toHaveLength(1);
    expect(joined[0]).toMatchObject({ servingSeconds: 90, powerWatts: 200, vramByModel: { a: 2 } });
    expect(joined[0]).toMatchObject({ powerMinWatts: 400, powerMaxWatts: 400, temperatureCelsius: 50 });
  });

  test('a bucket that was not stored begins with the stream', () => {
    const joined = continueBuckets([], fromLive([live(start + width, 40)]), start, 720);
    expect(joined[0]).toMatchObject({ at: start + width, seconds: 720, servingSeconds: 30 });
  });

  test('its vectors are the sum of its buckets', () => {
    expect(vectorsOf([bucket(0, 360, { vectors: 5 }), bucket(1, 720), bucket(2, 0, { vectors: 2 })])).toBe(7);
    expect(vectorsOf([])).toBe(0);
  });

  test('models are ordered by what they held over the time', () => {
    expect(
      modelsIn([
        bucket(0, 720, { vramByModel: { a: 3, none: 0 } }),
        bucket(1, 720, { vramByModel: { b: 5, a: 3 } }),
      ]),
    ).toEqual(['a', 'b']);
  });
});

describe('texts', () => {
  test('the duration of a state as text', () => {
    expect(lasting(1000)).toBe('a few seconds');
    expect(lasting(720_000)).toBe('12 min');
  });
});

test.each([10, 60, 1440, 43_200])('an axis of %d minutes has a few round ticks inside it', (minutes) => {
  const last = start + 123_456;
  const first = last - minutes * 60_000;
  const ticks = timeTicks(first, last);
  expect(ticks.length).toBeGreaterThanOrEqual(2);
  expect(ticks.length).toBeLessThanOrEqual(7);
  expect(timeTicks(first, last, 2).length).toBeLessThanOrEqual(3);
  expect(ticks.every((at) => at >= first && at <= last && at % 60_000 === 0)).toBe(true);
});
