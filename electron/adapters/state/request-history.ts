import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BucketLength } from '../../core/ports/history.ts';
import type { RequestTotals } from '../../core/ports/request-history.ts';
import type { Store } from '../../core/ports/state.ts';
import { createHistoryAccess } from './history-access.ts';

/** Buckets deleted at a time. */
const PRUNED_AT_ONCE = 5000;
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
  const { inTransaction, all } = createHistoryAccess({ database, statement });

  return {
    read: (seconds, from, last) =>
      all(
        'SELECT start, value FROM request_buckets WHERE seconds = ? AND start BETWEEN ? AND ? ORDER BY start',
        seconds,
        slot(from, seconds),
        slot(last, seconds),
      ).map((row) => ({
        seconds,
        start: Number(row.start) * seconds * 1000,
        rows: toRows(row.value),
      })),
    write: ({ buckets, prune }) =>
      inTransaction(() => {
        for (const { seconds, start, rows } of buckets) {
          statement('INSERT OR REPLACE INTO request_buckets (seconds, start, value) VALUES (?, ?, ?)').run(
            seconds,
            slot(start, seconds),
            JSON.stringify(rows.map(toValue)),
          );
        }
        for (const { seconds, before } of prune) {
          statement(
            `DELETE FROM request_buckets WHERE seconds = ?1 AND start IN (
               SELECT start FROM request_buckets WHERE seconds = ?1 AND start < ?2 ORDER BY start LIMIT ?3
             )`,
          ).run(seconds, slot(before, seconds), PRUNED_AT_ONCE);
        }
      }),
  };
}

const slot = (start: number, seconds: BucketLength): number => Math.floor(start / (seconds * 1000));

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

/** Without those that cannot be read: a chart with a gap is better than none. */
function toRows(text: unknown): RequestTotals[] {
  try {
    const values: unknown = typeof text === 'string' ? JSON.parse(text) : null;
    return Array.isArray(values) ? values.flatMap((value) => toRow(value) ?? []) : [];
  } catch {
    return [];
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
