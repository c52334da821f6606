/**
 * Rolls readings up into buckets, and buckets into longer ones. With only sums and maxima, joining is exact in any order,
 * so a minute split by a restart equals an unsplit one.
 */

import type { NodeView } from '../../../shared/models/fleet.ts';
import type { GpuReading, NodeBucket, WorkBucket } from '../../../shared/models/telemetry.ts';
import { usedVramBytes } from '../../../shared/vram.ts';
import type { Bounds, BucketLength, BucketRow, BucketTotals, Weighted } from '../ports/history.ts';

export const MINUTE: BucketLength = 60;
export const QUARTER: BucketLength = 900;

/** How long buckets of each length are kept, in milliseconds. */
export const KEPT_MS: Readonly<Record<BucketLength, number>> = {
  60: 24 * 3_600_000,
  900: 30 * 24 * 3_600_000,
};

/** What is known of a serving node at one moment. */
export interface NodeReading {
  vramTotalBytes: number | null;
  vramUsedBytes: number | null;
  utilisationPercent: number | null;
  utilisationMinPercent: number | null;
  utilisationMaxPercent: number | null;
  powerWatts: number | null;
  temperatureCelsius: number | null;
  vramByModel: readonly (readonly [model: string, bytes: number])[];
}

/** One reading of a node with all its GPUs; tools take precedence over its server. */
export function readingOf(
  node: Pick<NodeView, 'vram' | 'state' | 'loaded' | 'server'>,
  gpus: readonly GpuReading[],
): NodeReading {
  const known = (key: 'vramTotalBytes' | 'vramUsedBytes' | 'utilisationPercent' | 'powerWatts') =>
    gpus.flatMap((gpu) => gpu[key] ?? []);
  const sum = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  const utilisation = known('utilisationPercent');
  const utilisationSum = sum(utilisation);
  return {
    vramTotalBytes: sum(known('vramTotalBytes')) ?? node.vram.totalBytes,
    vramUsedBytes: sum(known('vramUsedBytes')) ?? usedVramBytes(node, null),
    utilisationPercent: utilisationSum === null ? null : utilisationSum / utilisation.length,
    utilisationMinPercent: utilisation.reduce<number | null>(smaller, null),
    utilisationMaxPercent: utilisation.reduce<number | null>(larger, null),
    powerWatts: sum(known('powerWatts')),
    temperatureCelsius: gpus.map((gpu) => gpu.temperatureCelsius).reduce<number | null>(larger, null),
    vramByModel: node.loaded.map((model) => [model.name, model.vramBytes] as const),
  };
}

/** All nodes together. What none of them reports is not known; the others are added up. */
export function readingOfAll(readings: readonly NodeReading[]): NodeReading {
  const all: NodeReading = {
    vramTotalBytes: null,
    vramUsedBytes: null,
    utilisationPercent: null,
    utilisationMinPercent: null,
    utilisationMaxPercent: null,
    powerWatts: null,
    temperatureCelsius: null,
    vramByModel: [],
  };
  const models = new Map<string, number>();
  let [utilisation, known] = [0, 0];
  for (const reading of readings) {
    all.vramTotalBytes = sumOf(all.vramTotalBytes, reading.vramTotalBytes);
    all.vramUsedBytes = sumOf(all.vramUsedBytes, reading.vramUsedBytes);
    all.powerWatts = sumOf(all.powerWatts, reading.powerWatts);
    all.utilisationMinPercent = smaller(all.utilisationMinPercent, reading.utilisationMinPercent);
    all.utilisationMaxPercent = larger(all.utilisationMaxPercent, reading.utilisationMaxPercent);
    all.temperatureCelsius = larger(all.temperatureCelsius, reading.temperatureCelsius);
    if (reading.utilisationPercent !== null) {
      utilisation += reading.utilisationPercent;
      known += 1;
    }
    for (const [model, bytes] of reading.vramByModel) models.set(model, (models.get(model) ?? 0) + bytes);
  }
  if (known > 0) all.utilisationPercent = utilisation / known;
  all.vramByModel = [...models];
  return all;
}

const sumOf = (a: number | null, b: number | null): number | null => (a === null ? b : a + (b ?? 0));

/** The totals of a node that served for `seconds` with this reading. */
export function totalsOf(reading: NodeReading, seconds: number): RunningTotals {
  const weighted = (value: number | null): Weighted =>
    value === null ? { sum: 0, seconds: 0 } : { sum: value * seconds, seconds };
  return {
    servingSeconds: seconds,
    vectors: 0,
    vramTotalBytes: reading.vramTotalBytes,
    vramUsed: weighted(reading.vramUsedBytes),
    vramUsedBounds: boundsOf(reading.vramUsedBytes),
    utilisation: weighted(reading.utilisationPercent),
    utilisationBounds: { min: reading.utilisationMinPercent, max: reading.utilisationMaxPercent },
    power: weighted(reading.powerWatts),
    powerBounds: boundsOf(reading.powerWatts),
    temperature: weighted(reading.temperatureCelsius),
    temperatureBounds: boundsOf(reading.temperatureCelsius),
    models: new Map(
      reading.vramByModel.filter(([, bytes]) => bytes > 0).map(([model, bytes]) => [model, bytes * seconds]),
    ),
  };
}

/** Totals of the current minute, updated in place every few seconds. */
export interface RunningTotals extends BucketTotals {
  models: Map<string, number>;
}

/** Adds `seconds` with this reading in place; the same as joining with its totals. */
export function addReading(into: RunningTotals, reading: NodeReading, seconds: number): void {
  into.servingSeconds += seconds;
  into.vramTotalBytes = larger(into.vramTotalBytes, reading.vramTotalBytes);
  addWeighted(into.vramUsed, reading.vramUsedBytes, seconds);
  widen(into.vramUsedBounds, reading.vramUsedBytes, reading.vramUsedBytes);
  addWeighted(into.utilisation, reading.utilisationPercent, seconds);
  widen(into.utilisationBounds, reading.utilisationMinPercent, reading.utilisationMaxPercent);
  addWeighted(into.power, reading.powerWatts, seconds);
  widen(into.powerBounds, reading.powerWatts, reading.powerWatts);
  addWeighted(into.temperature, reading.temperatureCelsius, seconds);
  widen(into.temperatureBounds, reading.temperatureCelsius, reading.temperatureCelsius);
  for (const [model, bytes] of reading.vramByModel) {
    if (bytes > 0) into.models.set(model, (into.models.get(model) ?? 0) + bytes * seconds);
  }
}

function addWeighted(into: Weighted, value: number | null, seconds: number): void {
  if (value === null) return;
  into.sum += value * seconds;
  into.seconds += seconds;
}

/** The totals of vectors alone: a node may embed without serving anybody. */
export function totalsOfVectors(vectors: number): RunningTotals {
  const none = () => ({ sum: 0, seconds: 0 });
  return {
    servingSeconds: 0,
    vectors,
    vramTotalBytes: null,
    vramUsed: none(),
    vramUsedBounds: boundsOf(null),
    utilisation: none(),
    utilisationBounds: boundsOf(null),
    power: none(),
    powerBounds: boundsOf(null),
    temperature: none(),
    temperatureBounds: boundsOf(null),
    models: new Map(),
  };
}

/** The sum of both. Associative and commutative; neither is changed. */
export function joinTotals(a: BucketTotals, b: BucketTotals): RunningTotals {
  const models = new Map(a.models);
  for (const [model, amount] of b.models) models.set(model, (models.get(model) ?? 0) + amount);
  return {
    servingSeconds: a.servingSeconds + b.servingSeconds,
    vectors: a.vectors + b.vectors,
    vramTotalBytes: larger(a.vramTotalBytes, b.vramTotalBytes),
    vramUsed: add(a.vramUsed, b.vramUsed),
    vramUsedBounds: joinBounds(a.vramUsedBounds, b.vramUsedBounds),
    utilisation: add(a.utilisation, b.utilisation),
    utilisationBounds: joinBounds(a.utilisationBounds, b.utilisationBounds),
    power: add(a.power, b.power),
    powerBounds: joinBounds(a.powerBounds, b.powerBounds),
    temperature: add(a.temperature, b.temperature),
    temperatureBounds: joinBounds(a.temperatureBounds, b.temperatureBounds),
    models,
  };
}

/** Joins rows with the same node, length and start, in the order of their first occurrence. */
export function joinRows(rows: readonly BucketRow[]): BucketRow[] {
  const joined = new Map<string, BucketRow>();
  for (const row of rows) {
    const key = `${row.seconds} ${row.start} ${row.nodeId}`;
    const known = joined.get(key);
    joined.set(key, known ? { ...known, totals: joinTotals(known.totals, row.totals) } : row);
  }
  return [...joined.values()];
}

/** The start of the bucket that holds a wall time. */
export function bucketStart(at: number, seconds: number): number {
  return Math.floor(at / (seconds * 1000)) * seconds * 1000;
}

/** The time from `to - seconds` to `to`, cut where a minute begins. Wall times in milliseconds. */
export function cutByMinute(to: number, seconds: number): { start: number; seconds: number }[] {
  const parts: { start: number; seconds: number }[] = [];
  let from = to - seconds * 1000;
  while (from < to) {
    const start = bucketStart(from, MINUTE);
    const end = Math.min(to, start + MINUTE * 1000);
    parts.push({ start, seconds: (end - from) / 1000 });
    from = end;
  }
  return parts;
}

/** Rows of one node as the contract shows them, in buckets of `seconds`, oldest first; empty ones left out. */
export function toNodeBuckets(rows: readonly BucketRow[], seconds: number): NodeBucket[] {
  const byStart = new Map<number, BucketTotals>();
  for (const { start, totals } of rows) {
    const at = bucketStart(start, seconds);
    const known = byStart.get(at);
    byStart.set(at, known ? joinTotals(known, totals) : totals);
  }
  return [...byStart].sort(([a], [b]) => a - b).map(([at, totals]) => toNodeBucket(at, seconds, totals));
}

function toNodeBucket(at: number, seconds: number, totals: BucketTotals): NodeBucket {
  const mean = ({ sum, seconds: weight }: Weighted, digits: number) =>
    weight > 0 ? round(sum / weight, digits) : null;
  return {
    at,
    seconds,
    // If the clock is set back, a minute occurs twice.
    servingSeconds: Math.min(seconds, Math.round(totals.servingSeconds)),
    vectors: totals.vectors,
    vramTotalBytes: totals.vramTotalBytes,
    vramUsedBytes: mean(totals.vramUsed, 0),
    vramUsedMinBytes: totals.vramUsedBounds.min,
    vramUsedMaxBytes: totals.vramUsedBounds.max,
    utilisationPercent: mean(totals.utilisation, 1),
    utilisationMinPercent: totals.utilisationBounds.min,
    utilisationMaxPercent: totals.utilisationBounds.max,
    powerWatts: mean(totals.power, 1),
    powerMinWatts: totals.powerBounds.min,
    powerMaxWatts: totals.powerBounds.max,
    temperatureCelsius: mean(totals.temperature, 1),
    temperatureMinCelsius: totals.temperatureBounds.min,
    temperatureMaxCelsius: totals.temperatureBounds.max,
    vramByModel:
      totals.servingSeconds > 0
        ? Object.fromEntries(
            [...totals.models].map(([model, amount]) => [model, Math.round(amount / totals.servingSeconds)]),
          )
        : {},
  };
}

/** Vectors by node in buckets of `seconds`, oldest first; empty ones left out. */
export function toWorkBuckets(
  rows: readonly { nodeId: string; start: number; vectors: number }[],
  seconds: number,
): WorkBucket[] {
  const byStart = new Map<number, Map<string, number>>();
  for (const { nodeId, start, vectors } of rows) {
    if (vectors <= 0) continue;
    const at = bucketStart(start, seconds);
    const byNode = byStart.get(at) ?? new Map<string, number>();
    byStart.set(at, byNode.set(nodeId, (byNode.get(nodeId) ?? 0) + vectors));
  }
  return [...byStart]
    .sort(([a], [b]) => a - b)
    .map(([at, byNode]) => ({ at, seconds, vectorsByNode: Object.fromEntries(byNode) }));
}

function add(a: Weighted, b: Weighted): Weighted {
  return { sum: a.sum + b.sum, seconds: a.seconds + b.seconds };
}

function larger(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function smaller(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

const boundsOf = (value: number | null): Bounds => ({ min: value, max: value });

const joinBounds = (a: Bounds, b: Bounds): Bounds => ({
  min: smaller(a.min, b.min),
  max: larger(a.max, b.max),
});

function widen(bounds: Bounds, min: number | null, max: number | null): void {
  bounds.min = smaller(bounds.min, min);
  bounds.max = larger(bounds.max, max);
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
