/** The series and rows of the charts of requests. Pure. */
import type { RequestBucket } from '../../../shared/models/requests.ts';
import { type Band, type ChartRow, sumKey } from '../../charts/chart-row.ts';
import type { Grouping } from './filter.ts';

type Row = RequestBucket['rows'][number];

/** The series of everything that is too rare for one of its own. */
export const othersKey = '';
/** Requests that name no model, or that no machine was asked. */
export const noneKey = '(none)';

const mostSeries = 7;

const keyOf = (row: Row, by: Grouping): string => {
  const key = by === 'model' ? row.model : row.nodeId;
  if (key === null) return noneKey;
  return key === '(others)' ? othersKey : key;
};

/** Those with the most requests, the largest first, and the key of the others if there are any. */
export function seriesKeys(buckets: readonly RequestBucket[], by: Grouping): string[] {
  const totals = new Map<string, number>();
  for (const bucket of buckets)
    for (const row of bucket.rows) {
      const key = keyOf(row, by);
      totals.set(key, (totals.get(key) ?? 0) + Math.max(row.requests, row.waiting));
    }
  const others = totals.delete(othersKey);
  const named = [...totals].filter(([, total]) => total > 0).toSorted((a, b) => b[1] - a[1]);
  const keys = named.slice(0, mostSeries).map(([key]) => key);
  return others || named.length > mostSeries ? [...keys, othersKey] : keys;
}

type Filled = readonly { at: number; bucket: RequestBucket | null }[];

/** Adds `amount` each row to its series. */
function stacked(
  filled: Filled,
  keys: readonly string[],
  by: Grouping,
  amount: (row: Row, bucket: RequestBucket) => number,
  spread: (bucket: RequestBucket) => Band | null | undefined = () => null,
): ChartRow[] {
  const shown = new Set(keys);
  return filled.map(({ at, bucket }) => {
    if (bucket === null) return { at, values: {}, missing: true };
    const values: Record<string, number> = {};
    for (const row of bucket.rows) {
      const own = keyOf(row, by);
      const key = shown.has(own) ? own : othersKey;
      values[key] = (values[key] ?? 0) + amount(row, bucket);
    }
    return withBands({ at, values }, { [sumKey]: spread(bucket) });
  });
}

/** Those that are known. */
function withBands(row: ChartRow, named: Readonly<Record<string, Band | null | undefined>>): ChartRow {
  const bands = Object.entries(named).flatMap(([key, band]) => (band ? [[key, band] as const] : []));
  return bands.length === 0 ? row : { ...row, bands: Object.fromEntries(bands) };
}

/** The one row of a series; null where it has several, whose means cannot be joined, or none. */
function onlyRow(bucket: RequestBucket | null, key: string, by: Grouping): Row | null {
  const rows = (bucket?.rows ?? []).filter((row) => keyOf(row, by) === key);
  return rows.length === 1 ? (rows[0] ?? null) : null;
}

/** Requests a minute. */
export const rateRows = (filled: Filled, keys: readonly string[], by: Grouping): ChartRow[] =>
  stacked(
    filled,
    keys,
    by,
    (row, { seconds }) => (row.requests * 60) / seconds,
    ({ spread }) => spread?.perMinute,
  );

/** How many waited, on average. */
export const waitingRows = (filled: Filled, keys: readonly string[], by: Grouping): ChartRow[] =>
  stacked(
    filled,
    keys,
    by,
    (row) => row.waiting,
    ({ spread }) => spread?.waiting,
  );

/** Tokens a second of one request; null where nothing was written. */
export function speedRows(filled: Filled, keys: readonly string[], by: Grouping): ChartRow[] {
  const tokens = stacked(filled, keys, by, (row) => row.outputTokens);
  const times = stacked(filled, keys, by, (row) => row.outputMs);
  return tokens.map(({ at, values }, index) => {
    const bucket = filled[index]?.bucket ?? null;
    const speeds = keys.map((key) => {
      const ms = times[index]?.values[key] ?? 0;
      return [key, ms > 0 ? ((values[key] ?? 0) * 1000) / ms : null] as const;
    });
    return withBands(
      { at, values: Object.fromEntries(speeds) },
      Object.fromEntries(
        speeds.map(([key, speed]) => [
          key,
          speed === null ? null : onlyRow(bucket, key, by)?.spread?.tokensPerSecond,
        ]),
      ),
    );
  });
}

/** Keys of the two lines that are over all requests. */
export const p50Key = 'p50';
export const p95Key = 'p95';

/**
 * Milliseconds to the first token: over all requests, and the median of each series. Percentiles can be neither added
 * nor averaged, so a series has a value only where one row has it all.
 */
export function firstTokenRows(filled: Filled, keys: readonly string[], by: Grouping): ChartRow[] {
  return filled.map(({ at, bucket }) => {
    const values: Record<string, number | null> = {
      [p50Key]: bucket?.firstByteMs?.p50 ?? null,
      [p95Key]: bucket?.firstByteMs?.p95 ?? null,
    };
    const bands: Record<string, Band | null | undefined> = { [p50Key]: bucket?.spread?.firstByteMs };
    for (const key of keys) {
      const rows = (bucket?.rows ?? []).filter((row) => keyOf(row, by) === key && row.firstByteMs !== null);
      const only = rows.length === 1 ? rows[0] : undefined;
      values[seriesKey(key)] = only?.firstByteMs?.p50 ?? null;
      bands[seriesKey(key)] = only?.spread?.firstByteMs;
    }
    return withBands({ at, values }, bands);
  });
}

/** Apart from the lines over all requests, whatever a model is called. */
export const seriesKey = (key: string) => `of ${key}`;
