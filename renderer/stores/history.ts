import type { TelemetrySample } from '../../shared/models/telemetry.ts';

export const bucketMs = 30_000;
export const bucketCount = 120;
const recentCount = 60;

export interface Bucket {
  /** The start of the bucket, a whole multiple of its width. */
  at: number;
  vramByModel: Readonly<Record<string, number>>;
}

/** An hour of a node in 120 buckets, and its newest samples one by one. */
export interface NodeHistory {
  buckets: readonly Bucket[];
  recent: readonly TelemetrySample[];
}

export const emptyHistory: NodeHistory = { buckets: [], recent: [] };

/** Adds a sample that is newer than all before it; an older one changes nothing. The last sample of a bucket stands for it. */
export function addSample(history: NodeHistory, sample: TelemetrySample): NodeHistory {
  const last = history.recent.at(-1);
  if (last && sample.at <= last.at) return history;
  const at = Math.floor(sample.at / bucketMs) * bucketMs;
  const bucket: Bucket = { at, vramByModel: sample.vramByModel };
  const kept = history.buckets.at(-1)?.at === at ? history.buckets.slice(0, -1) : history.buckets;
  const oldest = at - (bucketCount - 1) * bucketMs;
  return {
    buckets: [...kept.filter((other) => other.at >= oldest), bucket],
    recent: [...history.recent.slice(1 - recentCount), sample],
  };
}

export interface StackedHour {
  /** The series, largest first at the bottom. */
  models: string[];
  /** One row a bucket, oldest first: bytes by model; an empty row where nothing was measured. */
  rows: { at: number; bytes: Record<string, number> }[];
}

/** The last hour up to `now` summed over nodes. A model that is on two nodes counts twice. */
export function stackHour(histories: readonly NodeHistory[], now: number): StackedHour {
  const end = Math.floor(now / bucketMs) * bucketMs;
  const rows: StackedHour['rows'] = [];
  for (let index = bucketCount - 1; index >= 0; index -= 1)
    rows.push({ at: end - index * bucketMs, bytes: {} });
  const byTime = new Map(rows.map((row) => [row.at, row]));
  const totals = new Map<string, number>();
  for (const history of histories) {
    for (const bucket of history.buckets) {
      const row = byTime.get(bucket.at);
      if (!row) continue;
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
