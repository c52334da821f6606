/** The rows of the charts of the Fleet page. Pure. */
import type { QueueKind } from '../../../shared/models/requests.ts';
import type { NodeBucket, QueueBucket, WorkBucket } from '../../../shared/models/telemetry.ts';
import { type ChartRow, fillAxis, type Series } from '../../charts/chart-row.ts';
import { bucketMs, type StackedHour } from '../../stores/history.ts';

/** Nothing is drawn while the page is hidden. */
export const paused = () => 'paused';

/**
 * The end of the hour: the newest bucket, so that a chart is drawn once per bucket. Without new buckets the clock moves
 * it on, one bucket later.
 */
export const hourEnd = (newestAt: number, now: number) =>
  Math.max(Math.floor(newestAt / bucketMs) * bucketMs, now - bucketMs);

/** Rows of the time before the core started, of which nothing was kept, are gaps: what happened then is not known. */
export function unknownBefore(rows: ChartRow[], startedAt: number | null): ChartRow[] {
  return rows.map((row) =>
    startedAt !== null && row.at + bucketMs <= startedAt && Object.keys(row.values).length === 0
      ? { ...row, missing: true }
      : row,
  );
}

/** Those within the axis, with the one that holds at its begin. */
export function within(
  rows: readonly ChartRow[],
  { first, last }: { first: number; last: number },
): ChartRow[] {
  const begin = rows.findLastIndex(({ at }) => at <= first);
  return rows.slice(Math.max(0, begin)).filter(({ at }) => at <= last);
}

/** Everything that is too rare for a series of its own. */
const othersKey = '';

/** The largest series, and one for the others if there are any; the rows have their sum. */
export function largest(
  rows: readonly ChartRow[],
  keys: readonly string[],
  most: number,
  others: string,
  seriesOf: (key: string) => Series,
): { rows: ChartRow[]; series: Series[] } {
  const list = keys.slice(0, most).map(seriesOf);
  if (keys.length <= most) return { rows: [...rows], series: list };
  const shown = new Set(list.map(({ key }) => key));
  return {
    series: [...list, { key: othersKey, name: others, colour: 'var(--series-other)' }],
    rows: rows.map((row) => {
      const values: Record<string, number> = {};
      for (const [name, amount] of Object.entries(row.values)) {
        const key = shown.has(name) ? name : othersKey;
        values[key] = (values[key] ?? 0) + (amount ?? 0);
      }
      return { ...row, values };
    }),
  };
}

/** Those with a value, the largest in sum first. */
export function keysIn(rows: readonly ChartRow[]): string[] {
  const totals = new Map<string, number>();
  for (const { values } of rows)
    for (const [key, value] of Object.entries(values))
      if (value !== null && value > 0) totals.set(key, (totals.get(key) ?? 0) + value);
  return [...totals].toSorted((a, b) => b[1] - a[1]).map(([key]) => key);
}

export const liveVramRows = (hour: StackedHour): ChartRow[] =>
  hour.rows.map(({ at, bytes, missing }) =>
    missing ? { at, values: bytes, missing } : { at, values: bytes },
  );

interface Grid {
  first: number;
  last: number;
  seconds: number;
}

export const vramRows = (buckets: readonly NodeBucket[], grid: Grid): ChartRow[] =>
  fillAxis(buckets, grid).map(({ at, bucket }) =>
    bucket === null ? { at, values: {}, missing: true } : { at, values: bucket.vramByModel },
  );

/**
 * Vectors a second. A bucket without work is not stored, so what was watched of the fleet or of the queues says whether
 * it was idle or not known.
 */
export function workRows(
  work: readonly WorkBucket[],
  watched: readonly { at: number }[],
  grid: Grid,
): ChartRow[] {
  const known = new Set(fillAxis(watched, grid).flatMap(({ at, bucket }) => (bucket === null ? [] : [at])));
  return fillAxis(work, grid).map(({ at, bucket }) => {
    if (bucket === null) return known.has(at) ? { at, values: {} } : { at, values: {}, missing: true };
    const rates = Object.entries(bucket.vectorsByNode).map(([id, vectors]) => [id, vectors / bucket.seconds]);
    return { at, values: Object.fromEntries(rates) };
  });
}

/** The most that waited, because a short queue would vanish in a mean. */
export const queueRows = (buckets: readonly QueueBucket[], grid: Grid): ChartRow[] =>
  fillAxis(buckets, grid).map(({ at, bucket }) => {
    if (bucket === null) return { at, values: {}, missing: true };
    const most = Object.entries(bucket.waiting).map(([kind, { most }]) => [kind as QueueKind, most]);
    return { at, values: Object.fromEntries(most) };
  });
