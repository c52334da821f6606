import { describe, expect, test } from 'vitest';
import {
  addSample,
  bucketMs,
  emptyHistory,
  historySignature,
  stackHour,
} from '../../../../renderer/stores/history.ts';
import { addJobPoint, emptyRate } from '../../../../renderer/stores/rate.ts';
import { mergeSamples } from '../../../../renderer/stores/samples.ts';
import { workHour } from '../../../../renderer/stores/work.ts';
import type { TelemetrySample } from '../../../../shared/models/telemetry.ts';

const hour = 3_600_000;
const start = 1_700_000_000_000 - (1_700_000_000_000 % bucketMs);
const sample = (at: number, vramByModel: Record<string, number> = {}): TelemetrySample => ({
  nodeId: 'n',
  at,
  gpus: [],
  host: null,
  vramByModel,
});

describe('the hour of a node', () => {
  test('holds at most 120 buckets and 60 samples, the newest', () => {
    let history = emptyHistory;
    for (let at = start; at < start + 2 * hour; at += 2000) history = addSample(history, sample(at));
    expect(history.buckets).toHaveLength(120);
    expect(history.buckets.at(-1)?.at).toBe(start + 2 * hour - bucketMs);
    expect(history.recent).toHaveLength(60);
    expect(history.recent.at(-1)?.at).toBe(start + 2 * hour - 2000);
  });

  test('a sample that came before changes nothing', () => {
    const history = addSample(emptyHistory, sample(start + 5000, { a: 1 }));
    expect(addSample(history, sample(start + 5000, { a: 2 }))).toBe(history);
    expect(addSample(history, sample(start, { a: 3 }))).toBe(history);
  });

  test('the last sample of a bucket stands for it', () => {
    let history = addSample(emptyHistory, sample(start, { a: 1 }));
    history = addSample(history, sample(start + 2000, { a: 2 }));
    expect(history.buckets).toMatchObject([{ at: start, vramByModel: { a: 2 } }]);
  });

  test('what the GPUs do in a bucket: the mean use, the power of all, the highest temperature', () => {
    const gpu = (utilisationPercent: number | null, powerWatts: number | null, temperature: number) => ({
      id: '0',
      vendor: 'nvidia' as const,
      name: 'card',
      vramTotalBytes: null,
      vramUsedBytes: null,
      utilisationPercent,
      temperatureCelsius: temperature,
      powerWatts,
    });
    let history = addSample(emptyHistory, { ...sample(start), gpus: [gpu(100, 200, 60), gpu(50, 100, 70)] });
    history = addSample(history, { ...sample(start + 2000), gpus: [gpu(25, 60, 50)] });
    history = addSample(history, { ...sample(start + 4000), gpus: [gpu(null, null, 40)] });
    expect(history.buckets[0]).toMatchObject({
      utilisation: { sum: 100, count: 2, min: 25, max: 100 },
      power: { sum: 360, count: 2, min: 60, max: 300 },
      temperature: { sum: 160, count: 3, min: 40, max: 70 },
    });
  });

  test('nodes are summed by model, the largest first, and gaps stay empty', () => {
    const one = addSample(
      addSample(emptyHistory, sample(start, { a: 1, b: 5 })),
      sample(start + 2 * bucketMs, { a: 1 }),
    );
    const two = addSample(emptyHistory, sample(start, { b: 2, c: 0 }));
    const { models, rows } = stackHour([one, two], start + 2 * bucketMs);
    expect(models).toEqual(['b', 'a']);
    expect(rows).toHaveLength(120);
    expect(rows.slice(-3).map((row) => row.bytes)).toEqual([{ a: 1, b: 7 }, {}, { a: 1 }]);
  });
});

describe('what charts of the hour follow', () => {
  test('a middle that is filled in is drawn again, and a sample in the same bucket is not', () => {
    const first = addSample(emptyHistory, sample(start));
    const gap = addSample(first, sample(start + 10 * bucketMs));
    let whole = first;
    for (let at = 1; at <= 10; at += 1) whole = addSample(whole, sample(start + at * bucketMs));
    expect(historySignature(whole)).not.toBe(historySignature(gap));
    expect(historySignature(addSample(whole, sample(start + 10 * bucketMs + 2000)))).toBe(
      historySignature(whole),
    );
    expect(historySignature(emptyHistory)).toBe('');
  });

  test('what was not measured is missing, also where another time is zero', () => {
    const history = addSample(addSample(emptyHistory, sample(start)), sample(start + 2 * bucketMs));
    const { rows } = stackHour([history], start + 2 * bucketMs);
    expect(rows.slice(-3).map(({ missing }) => missing)).toEqual([false, true, false]);
  });
});

describe('the hour of work', () => {
  test('what comes twice stands once; what is older than an hour goes', () => {
    const known = [{ at: start, vectorsPerSecondByNode: { n: 1 } }];
    const merged = mergeSamples(known, [
      { at: start, vectorsPerSecondByNode: { n: 2 } },
      { at: start + 10, vectorsPerSecondByNode: {} },
    ]);
    expect(merged).toEqual([
      { at: start, vectorsPerSecondByNode: { n: 2 } },
      { at: start + 10, vectorsPerSecondByNode: {} },
    ]);
    expect(mergeSamples(merged, [{ at: start + hour, vectorsPerSecondByNode: {} }])).toHaveLength(2);
  });

  test('a bucket is the mean of its samples, a still one counting as nothing', () => {
    const { rows, nodeIds } = workHour(
      [
        { at: start, vectorsPerSecondByNode: { n: 100 } },
        { at: start + 2000, vectorsPerSecondByNode: {} },
      ],
      start,
    );
    expect(nodeIds).toEqual(['n']);
    expect(rows.at(-1)).toEqual({ at: start, rates: { n: 50 } });
  });
});

describe('the rate of a job', () => {
  const job = (rate: number) => ({
    nodes: [{ nodeId: 'n', name: 'n', placement: 'gpu' as const, vectors: 1, vectorsPerSecond: rate }],
  });

  test('points within a step replace each other', () => {
    const series = addJobPoint(addJobPoint(emptyRate, job(1), 0), job(2), 400);
    expect(series.points).toEqual([{ at: 0, rates: { 'n|gpu': 2 } }]);
  });

  test('a day of it keeps its first and its last and never more than 240 points', () => {
    let series = emptyRate;
    for (let at = 0; at <= 86_400_000; at += 1000) series = addJobPoint(series, job(at), at);
    expect(series.points.length).toBeLessThanOrEqual(240);
    expect(series.points[0]?.at).toBe(0);
    expect(series.points.at(-1)?.rates['n|gpu']).toBe(86_400_000);
  });
});
