/** What the histories in the database take, and how they are cleared. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Store } from '../../core/ports/state.ts';
import type { HistoryPart, HistoryUse } from '../../core/ports/storage.ts';
import { createHistoryAccess } from './history-access.ts';

interface Table {
  name: string;
  /** When a row is from, milliseconds since the epoch. */
  at: string;
}

const tables: Readonly<Record<HistoryPart, readonly Table[]>> = {
  requests: [{ name: 'request_buckets', at: 'start * seconds * 1000' }],
  history: [
    { name: 'telemetry_buckets', at: 'start * seconds * 1000' },
    { name: 'queue_buckets', at: 'start * seconds * 1000' },
    { name: 'task_depth', at: 'start * seconds * 1000' },
  ],
  activity: [{ name: 'activity', at: 'at' }],
};

/** Of a row, where SQLite cannot say it. */
const USUAL_ROW_BYTES = 200;

export function createHistoryUse({
  database,
  statement,
}: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
}): Store['histories'] {
  const { inTransaction, all } = createHistoryAccess({ database, statement });
  const one = (sql: string, ...values: SQLInputValue[]) => all(sql, ...values)[0] ?? {};

  function bytesOf(table: string, count: number): number {
    try {
      return Number(one('SELECT pgsize FROM dbstat WHERE name = ? AND aggregate = TRUE', table).pgsize ?? 0);
    } catch {
      return count * USUAL_ROW_BYTES;
    }
  }

  return {
    use(part) {
      const total: HistoryUse = { sizeBytes: 0, count: 0, oldestAt: null };
      for (const { name, at } of tables[part]) {
        const row = one(`SELECT count(*) AS count, min(${at}) AS oldest FROM ${name}`);
        const count = Number(row.count ?? 0);
        total.count += count;
        if (count === 0) continue;
        total.sizeBytes += bytesOf(name, count);
        total.oldestAt = Math.min(total.oldestAt ?? Number.POSITIVE_INFINITY, Number(row.oldest));
      }
      return total;
    },
    clear(part) {
      inTransaction(() => {
        for (const { name } of tables[part]) statement(`DELETE FROM ${name}`).run();
      });
    },
  };
}
