import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BucketTotals } from '../../../../electron/core/ports/history.ts';
import {
  addReading,
  cutByMinute,
  joinTotals,
  MINUTE,
  type NodeReading,
  readingOf,
  readingOfAll,
  toNodeBuckets,
  totalsOf,
  totalsOfVectors,
  toWorkBuckets,
} from '../../../../electron/core/telemetry/rollup.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { aLoaded, aNode, GB } from '../placement/support.ts';

const aGpu = (changes: Partial<GpuReading> = {}): GpuReading => ({
  id: 'GPU-0',
  vendor: 'nvidia',
  name: 'Card',
  vramTotalBytes: 24 * GB,
  vramUsedBytes: 6 * GB,
  utilisationPercent: 50,
  temperatureCelsius: 60,
  powerWatts: 100,
  ...changes,
});

describe('what is added in place', () => {
  const value = fc.option(fc.integer({ min: 0, max: 1000 }), { nil: null });
  const reading = fc.record({
    vramTotalBytes: value,
    vramUsedBytes: value,
    utilisationPercent: value,
    utilisationMinPercent: value,
    utilisationMaxPercent: value,
    powerWatts: value,
    temperatureCelsius: value,
    vramByModel: fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 9 })), {
      maxLength: 2,
      selector: ([model]) => model,
    }),
  });
  const moment = fc.tuple(reading, fc.integer({ min: 1, max: 9 }));

  it('is what joining would make, and leaves what was joined before alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.array(moment, { maxLength: 5 }), (vectors, moments) => {
        const running = totalsOfVectors(vectors);
        const joined = moments.reduce<BucketTotals>(
          (totals, [one, seconds]) => joinTotals(totals, totalsOf(one, seconds)),
          totalsOfVectors(vectors),
        );
        for (const [one, seconds] of moments) addReading(running, one, seconds);
        expect(running).toEqual(joined);
      }),
    );
  });
});

describe('a reading of a node', () => {
  it('adds its GPUs up and takes the hottest, the busiest and their mean', () => {
    const gpus = [
      aGpu(),
      aGpu({ id: 'GPU-1', utilisationPercent: 100, temperatureCelsius: 71, powerWatts: 50 }),
    ];
    expect(readingOf(aNode({ loaded: [aLoaded({ vramBytes: 6 * GB })] }), gpus)).toEqual({
      vramTotalBytes: 48 * GB,
      vramUsedBytes: 12 * GB,
      utilisationPercent: 75,
      utilisationMinPercent: 50,
      utilisationMaxPercent: 100,
      powerWatts: 150,
      temperatureCelsius: 71,
      vramByModel: [['llama3.1:8b', 6 * GB]],
    });
  });

  it('says what the server says where there are no tools, and null for the rest', () => {
    const node = aNode({
      vram: { totalBytes: 8 * GB, source: 'person' },
      loaded: [aLoaded({ vramBytes: GB })],
    });
    const silent = aGpu({
      vramTotalBytes: null,
      vramUsedBytes: null,
      utilisationPercent: null,
      temperatureCelsius: null,
      powerWatts: null,
    });
    for (const gpus of [[], [silent]]) {
      expect(readingOf(node, gpus)).toEqual({
        vramTotalBytes: 8 * GB,
        vramUsedBytes: GB,
        utilisationPercent: null,
        utilisationMinPercent: null,
        utilisationMaxPercent: null,
        powerWatts: null,
        temperatureCelsius: null,
        vramByModel: [['llama3.1:8b', GB]],
      });
    }
  });
});

describe('a reading of all nodes', () => {
  it('adds up what is known, and takes the extremes', () => {
    const node = aNode({ loaded: [aLoaded({ vramBytes: GB })] });
    const one = readingOf(node, [aGpu()]);
    const other = readingOf(node, [
      aGpu({ utilisationPercent: 100, temperatureCelsius: 71, powerWatts: null }),
    ]);
    const silent = readingOf(aNode({ vram: { totalBytes: null, source: 'unknown' }, loaded: [] }), []);
    expect(readingOfAll([one, silent, other])).toMatchObject({
      vramTotalBytes: 48 * GB,
      utilisationPercent: 75,
      utilisationMinPercent: 50,
      utilisationMaxPercent: 100,
      powerWatts: 100,
      temperatureCelsius: 71,
      vramByModel: [['llama3.1:8b', 2 * GB]],
    });
  });

  it('is not zero where no node says it', () => {
    expect(readingOfAll([])).toMatchObject({
      vramUsedBytes: null,
      utilisationPercent: null,
      powerWatts: null,
    });
  });
});

const amount = fc.integer({ min: 0, max: 1_000_000 });
const weighted = fc.record({ sum: amount, seconds: fc.integer({ min: 0, max: 60 }) });
const maybe = fc.option(amount);
const bounds = fc.record({ min: maybe, max: maybe });
const totals: fc.Arbitrary<BucketTotals> = fc.record({
  servingSeconds: fc.integer({ min: 0, max: 60 }),
  vectors: amount,
  vramTotalBytes: maybe,
  vramUsed: weighted,
  vramUsedBounds: bounds,
  utilisation: weighted,
  utilisationBounds: bounds,
  power: weighted,
  powerBounds: bounds,
  temperature: weighted,
  temperatureBounds: bounds,
  models: fc
    .dictionary(fc.constantFrom('a', 'b', '__proto__'), amount)
    .map((entries) => new Map(Object.entries(entries))),
});

describe('totals', () => {
  it('join in any order and grouping to the same', () => {
    fc.assert(
      fc.property(totals, totals, totals, (a, b, c) => {
        expect(joinTotals(a, b)).toEqual(joinTotals(b, a));
        expect(joinTotals(joinTotals(a, b), c)).toEqual(joinTotals(a, joinTotals(b, c)));
        expect(joinTotals(a, totalsOfVectors(0))).toEqual(a);
      }),
    );
  });

  it('become means over the time in which each value was known', () => {
    const busy = readingOf(aNode({ loaded: [aLoaded({ vramBytes: 6 * GB })] }), [aGpu()]);
    const blind: NodeReading = {
      ...busy,
      utilisationPercent: null,
      utilisationMinPercent: null,
      utilisationMaxPercent: null,
      powerWatts: 40,
      temperatureCelsius: 45,
      vramByModel: [],
    };
    const joined = [totalsOf(busy, 10), totalsOf(blind, 20), totalsOfVectors(7)].reduce(joinTotals);
    expect(toNodeBuckets([{ nodeId: 'n', seconds: MINUTE, start: 60_000, totals: joined }], MINUTE)).toEqual([
      {
        at: 60_000,
        seconds: 60,
        servingSeconds: 30,
        vectors: 7,
        vramTotalBytes: 24 * GB,
        vramUsedBytes: 6 * GB,
        vramUsedMinBytes: 6 * GB,
        vramUsedMaxBytes: 6 * GB,
        utilisationPercent: 50,
        utilisationMinPercent: 50,
        utilisationMaxPercent: 50,
        powerWatts: 60,
        powerMinWatts: 40,
        powerMaxWatts: 100,
        temperatureCelsius: 50,
        temperatureMinCelsius: 45,
        temperatureMaxCelsius: 60,
        vramByModel: { 'llama3.1:8b': 2 * GB },
      },
    ]);
  });

  it('say nothing about a node that only embedded', () => {
    const row = { nodeId: 'n', seconds: MINUTE, start: 0, totals: totalsOfVectors(3) };
    expect(toNodeBuckets([row], MINUTE)).toMatchObject([
      { servingSeconds: 0, vectors: 3, vramUsedBytes: null, powerWatts: null, vramByModel: {} },
    ]);
  });
});

describe('time', () => {
  it('is cut where minutes begin, with nothing lost and nothing negative', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200_000, max: 4e12 }), fc.integer({ min: 0, max: 200_000 }), (to, ms) => {
        const parts = cutByMinute(to, ms / 1000);
        expect(parts.reduce((sum, part) => sum + part.seconds, 0)).toBeCloseTo(ms / 1000, 6);
        for (const { start, seconds } of parts) {
          expect(start % 60_000).toBe(0);
          expect(seconds).toBeGreaterThan(0);
          expect(seconds).toBeLessThanOrEqual(60);
        }
      }),
    );
    expect(cutByMinute(61_000, 2)).toEqual([
      { start: 0, seconds: 1 },
      { start: 60_000, seconds: 1 },
    ]);
  });

  it('joins work by bucket and node', () => {
    const rows = [
      { nodeId: 'a', start: 120_000, vectors: 1 },
      { nodeId: 'b', start: 60_000, vectors: 2 },
      { nodeId: 'a', start: 0, vectors: 4 },
      { nodeId: 'c', start: 0, vectors: 0 },
    ];
    expect(toWorkBuckets(rows, 120)).toEqual([
      { at: 0, seconds: 120, vectorsByNode: { b: 2, a: 4 } },
      { at: 120_000, seconds: 120, vectorsByNode: { a: 1 } },
    ]);
  });
});
