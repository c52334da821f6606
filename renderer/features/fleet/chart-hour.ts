/** What the charts of the Fleet page share. Pure. */
import type { HourRow } from '../../charts/chart-parts.tsx';
import { bucketMs } from '../../stores/history.ts';

/** Nothing is drawn while the page is hidden. */
export const paused = () => 'paused';

/**
 * The end of the hour: the newest bucket, so that a chart is drawn once per bucket. Without new buckets the clock moves
 * it on, one bucket later.
 */
export const hourEnd = (newestAt: number, now: number) =>
  Math.max(Math.floor(newestAt / bucketMs) * bucketMs, now - bucketMs);

/** Rows of the time before the core started, of which nothing was kept, are gaps: what happened then is not known. */
export function unknownBefore(rows: HourRow[], startedAt: number | null): HourRow[] {
  return rows.map((row) =>
    startedAt !== null && row.at + bucketMs <= startedAt && Object.keys(row.values).length === 0
      ? { ...row, missing: true }
      : row,
  );
}

/** In its first hour a chart starts at its first value, and spans at least ten minutes. */
export function fromFirst(rows: HourRow[]): HourRow[] {
  const first = rows.findIndex((row) => Object.keys(row.values).length > 0);
  return rows.slice(Math.max(0, Math.min(first - 1, rows.length - 20)));
}
