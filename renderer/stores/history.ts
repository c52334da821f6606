import type { TelemetrySample } from '../../shared/models/telemetry.ts';

export const bucketMs = 30_000;
export const bucketCount = 120;
const recentCount = 60;

/** Values added up, to be divided by how many were known. */
export interface Mean {
  sum: number;
  count: number;
  /** null while nothing was added. */
  min: number | null;
  max: number | null;
}

export interface Bucket {
  /** The start of the bucket, a whole multiple of its width. */
  at: number;
  vramByModel: Readonly<Record<string, number>>;
  /** Percent, over all GPUs. */
  utilisation: Mean;
  /** Watts of all GPUs together. */
  power: Mean;
  /** °C of the warmest GPU. */
  temperature: Mean;
}

/** An hour of a node in 120 buckets, and its newest samples one by one. */
export interface NodeHistory {
  buckets: readonly Bucket[];
  recent: readonly TelemetrySample[];
}

export const emptyHistory: NodeHistory = { buckets: [], recent: [] };

/** Adds a sample newer than all others; older ones are ignored. A bucket keeps its last sample. */
export function addSample(history: NodeHistory, sample: TelemetrySample): NodeHistory {
  const last = history.recent.at(-1);
  if (last && sample.at <= last.at) return history;
  const at = Math.floor(sample.at / bucketMs) * bucketMs;
  const under = history.buckets.at(-1);
  const same = under?.at === at ? under : null;
  const oldest = at - (bucketCount - 1) * bucketMs;
  // A thousand machines send a sample each second: every list is copied once, and searched only where it may have grown.
  const isCurrent = (history.buckets[0]?.at ?? at) >= oldest;
  const buckets = isCurrent ? history.buckets.slice() : history.buckets.filter((other) => other.at >= oldest);
  if (same) buckets.pop();
  buckets.push(joinSample(at, same, sample));
  const recent = history.recent.slice(1 - recentCount);
  recent.push(sample);
  return { buckets, recent };
}

function joinSample(at: number, before: Bucket | null, { gpus, vramByModel }: TelemetrySample): Bucket {
  const used = gpus.flatMap((gpu) => gpu.utilisationPercent ?? []);
  const watts = gpus.flatMap((gpu) => gpu.powerWatts ?? []);
  const warmth = gpus.flatMap((gpu) => gpu.temperatureCelsius ?? []);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    at,
    vramByModel,
    utilisation: addValue(before?.utilisation, used.length > 0 ? total(used) / used.length : null, used),
    power: addValue(before?.power, watts.length > 0 ? total(watts) : null),
    temperature: addValue(before?.temperature, warmth.length > 0 ? Math.max(...warmth) : null),
  };
}

const nothing: Mean = { sum: 0, count: 0, min: null, max: null };

/** @param parts what the value is a mean of, if it is one */
function addValue(
  before: Mean | undefined,
  value: number | null,
  parts: readonly number[] = value === null ? [] : [value],
): Mean {
  const mean = before ?? nothing;
  if (value === null) return mean;
  return {
    sum: mean.sum + value,
    count: mean.count + 1,
    min: Math.min(mean.min ?? Number.POSITIVE_INFINITY, ...parts),
    max: Math.max(mean.max ?? Number.NEGATIVE_INFINITY, ...parts),
  };
}

/**
 * Changes once per bucket, when a model appears or disappears, and when what was missing is filled in. Charts are redrawn
 * then and not at every sample.
 */
export function historySignature(history: NodeHistory | undefined): string {
  const first = history?.buckets[0];
  const last = history?.buckets.at(-1);
  if (first === undefined || last === undefined) return '';
  return `${history?.buckets.length}:${first.at}:${last.at}:${Object.keys(last.vramByModel).join()}`;
}

export interface StackedHour {
  /** The series, largest first at the bottom. */
  models: string[];
  /** One row a bucket, oldest first: bytes by model. */
  rows: { at: number; bytes: Record<string, number>; missing: boolean }[];
}

/** The last hour up to `now` summed over nodes. A model that is on two nodes counts twice. */
export function stackHour(histories: readonly NodeHistory[], now: number): StackedHour {
  const end = Math.floor(now / bucketMs) * bucketMs;
  const rows: StackedHour['rows'] = [];
  for (let index = bucketCount - 1; index >= 0; index -= 1)
    rows.push({ at: end - index * bucketMs, bytes: {}, missing: true });
  const byTime = new Map(rows.map((row) => [row.at, row]));
  const totals = new Map<string, number>();
  for (const history of histories) {
    for (const bucket of history.buckets) {
      const row = byTime.get(bucket.at);
      if (!row) continue;
      row.missing = false;
      for (const [model, bytes] of Object.entries(bucket.vramByModel)) {
        if (bytes <= 0) continue;
        row.bytes[model] = (row.bytes[model] ?? 0) + bytes;
        totals.set(model, (totals.get(model) ?? 0) + bytes);
      }
    }
  }
  const models = [...totals].toSorted((a, b) => b[1] - a[1]).map(([model]) => model);
  return { models, rows };
}
