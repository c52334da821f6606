import type { DatabaseSync, StatementSync } from 'node:sqlite';
import * as z from 'zod';
import type { QueueTotals } from '../../core/ports/history.ts';
import type { Store } from '../../core/ports/state.ts';
import { createBucketTable } from './bucket-table.ts';

const amount = z.number().min(0);
const totalsSchema = z.array(
  z.object({ kind: z.string(), waiting: z.object({ sum: amount, seconds: amount }), most: amount }),
);

/** The history of what waited, in `queue_buckets`. */
export function createQueueHistoryStore(options: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
}): Store['queueHistory'] {
  return createBucketTable<QueueTotals>({
    ...options,
    table: 'queue_buckets',
    toRows,
    toValue: (rows) => rows,
  });
}

/** null if it cannot be read: a chart with a gap is better than no chart. */
function toRows(text: unknown): QueueTotals[] | null {
  try {
    return totalsSchema.parse(JSON.parse(String(text)));
  } catch {
    return null;
  }
}
