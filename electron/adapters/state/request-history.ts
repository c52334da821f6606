import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RequestTotals } from '../../core/ports/request-history.ts';
import type { Store } from '../../core/ports/state.ts';
import { createBucketTable } from './bucket-table.ts';

/** More than any histogram has. */
const MOST_PLACES = 1000;

/**
 * The history of requests in `request_buckets`: one row for each bucket, with its totals as JSON. Each is an array of
 * node, model, requests, failed, waiting, tokens, their time, and the histogram: its length, then place and count in turn.
 */
export function createRequestHistoryStore({
  database,
  statement,
}: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
}): Store['requestHistory'] {
  return createBucketTable({
    database,
    statement,
    table: 'request_buckets',
    toRows,
    toValue: (rows) => rows.map(toValue),
  });
}

function toValue(row: RequestTotals): unknown[] {
  const { nodeId, model, requests, failed, waitingMs, outputTokens, outputMs, firstByte } = row;
  const counts = [...firstByte.entries()].filter(([, count]) => count > 0).flat();
  const histogram = [firstByte.length, ...counts];
  return [
    nodeId,
    model,
    requests,
    failed,
    Math.round(waitingMs),
    outputTokens,
    Math.round(outputMs),
    histogram,
  ];
}

/**
 * Without those that cannot be read: a chart with a gap is better than none. null if there is no other, because an empty
 * list says that nothing came through.
 */
function toRows(text: unknown): RequestTotals[] | null {
  try {
    const values: unknown = typeof text === 'string' ? JSON.parse(text) : null;
    if (!Array.isArray(values)) return null;
    const rows = values.flatMap((value) => toRow(value) ?? []);
    return rows.length === 0 && values.length > 0 ? null : rows;
  } catch {
    return null;
  }
}

function toRow(value: unknown): RequestTotals | null {
  if (!Array.isArray(value)) return null;
  const [nodeId, model, requests, failed, waitingMs, outputTokens, outputMs, histogram] = value as unknown[];
  const firstByte = toHistogram(histogram);
  if (!isName(nodeId) || !isName(model) || firstByte === null) return null;
  return {
    nodeId,
    model,
    requests: count(requests),
    failed: count(failed),
    waitingMs: count(waitingMs),
    outputTokens: count(outputTokens),
    outputMs: count(outputMs),
    firstByte,
  };
}

const isName = (value: unknown): value is string | null => value === null || typeof value === 'string';

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;

function toHistogram(value: unknown): Uint32Array | null {
  if (!Array.isArray(value)) return null;
  const [length, ...counts] = value.map(count);
  if (length === undefined || length > MOST_PLACES) return null;
  const histogram = new Uint32Array(length);
  for (let at = 0; at + 1 < counts.length; at += 2)
    histogram[counts[at] as number] = counts[at + 1] as number;
  return histogram;
}
