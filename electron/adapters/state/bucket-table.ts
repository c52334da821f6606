import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BucketLength } from '../../core/ports/history.ts';
import { createHistoryAccess } from './history-access.ts';

/** Buckets deleted at a time. */
const PRUNED_AT_ONCE = 5000;

interface Bucket<Row> {
  seconds: BucketLength;
  /** Start in wall time, milliseconds since the epoch; a multiple of the length. */
  start: number;
  rows: readonly Row[];
}

export interface BucketTable<Row> {
  /** Oldest first. Start and end are milliseconds, the end included. */
  read(seconds: BucketLength, from: number, last: number): (Bucket<Row> & { rows: Row[] })[];
  /** In one transaction: replaces buckets, and deletes those before `prune.before`, a limited number at a time. */
  write(change: {
    buckets: readonly Bucket<Row>[];
    prune: readonly { seconds: BucketLength; before: number }[];
  }): void;
}

/** A history with one row for each bucket of wall time, and its content as JSON. */
export function createBucketTable<Row>({
  database,
  statement,
  table,
  toRows,
  toValue,
}: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
  table: 'request_buckets' | 'task_depth' | 'queue_buckets';
  /** Of the saved text; null leaves the bucket out, because nothing of it can be read. */
  toRows(text: unknown): Row[] | null;
  /** What is saved as JSON. */
  toValue(rows: readonly Row[]): unknown;
}): BucketTable<Row> {
  const { inTransaction, all } = createHistoryAccess({ database, statement });
  return {
    read: (seconds, from, last) =>
      all(
        `SELECT start, value FROM ${table} WHERE seconds = ? AND start BETWEEN ? AND ? ORDER BY start`,
        seconds,
        slot(from, seconds),
        slot(last, seconds),
      ).flatMap((row) => {
        const rows = toRows(row.value);
        return rows === null ? [] : [{ seconds, start: Number(row.start) * seconds * 1000, rows }];
      }),
    write: ({ buckets, prune }) =>
      inTransaction(() => {
        for (const { seconds, start, rows } of buckets) {
          statement(`INSERT OR REPLACE INTO ${table} (seconds, start, value) VALUES (?, ?, ?)`).run(
            seconds,
            slot(start, seconds),
            JSON.stringify(toValue(rows)),
          );
        }
        for (const { seconds, before } of prune) {
          statement(
            `DELETE FROM ${table} WHERE seconds = ?1 AND start IN (
               SELECT start FROM ${table} WHERE seconds = ?1 AND start < ?2 ORDER BY start LIMIT ?3
             )`,
          ).run(seconds, slot(before, seconds), PRUNED_AT_ONCE);
        }
      }),
  };
}

const slot = (start: number, seconds: BucketLength): number => Math.floor(start / (seconds * 1000));
