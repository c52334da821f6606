/** What core saves of tasks: known workers, stored texts, webhooks to send, and the depth of the queues. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import * as z from 'zod';
import { filePlaceSchema } from '../../../shared/models/places.ts';
import {
  contentTypeSchema,
  ingestedTextSchema,
  taskQueueSchema,
  taskWorkerRecordSchema,
} from '../../../shared/models/tasks.ts';
import type { DepthRow, IngestedRecord, TaskStore } from '../../core/ports/task-state.ts';
import { createBucketTable } from './bucket-table.ts';
import type { DamagedRows } from './damaged-rows.ts';
import { createHistoryAccess } from './history-access.ts';

const ingestedSchema = ingestedTextSchema.omit({ indexed: true }).extend({
  contentType: contentTypeSchema,
  state: z.enum(['pending', 'indexed', 'failed', 'deleted']),
  input: z.enum(['file', 'shared', 'url']).optional(),
  places: z.array(filePlaceSchema).optional(),
});
const webhookSchema = z.object({
  taskId: z.string(),
  url: z.string(),
  addedAt: z.number(),
  attempts: z.number(),
  nextAt: z.number().nullable(),
  calledFor: z.number().nullable().default(null),
});
/** A row beside the webhooks. No task has such an id. */
const SINCE = ':since';
const depthSchema = z.array(
  z.object({ queue: taskQueueSchema, seconds: z.number(), waiting: z.number(), active: z.number() }),
);

/** Workers that are known; the oldest are given up. */
const MOST_WORKERS = 500;

export function createTaskStore({
  database,
  statement,
  all,
  rows,
}: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
  /** Throws a store error. */
  all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[];
  rows: Pick<DamagedRows, 'parseRows'>;
}): TaskStore {
  const { inTransaction } = createHistoryAccess({ database, statement });
  /** Alone, or as a part of the transaction in progress. */
  const whole = (work: () => void) => (database.isTransaction ? work() : inTransaction(work));

  function removeAll(table: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    all(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, JSON.stringify(ids));
  }

  const texts = (found: Record<string, unknown>[]): IngestedRecord[] =>
    rows.parseRows('ingested_texts', found, ingestedSchema);

  return {
    workers: {
      list: () =>
        rows.parseRows(
          'task_workers',
          all('SELECT id, value FROM task_workers ORDER BY id'),
          taskWorkerRecordSchema,
        ),
      put(worker) {
        all(
          'INSERT INTO task_workers (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
          worker.id,
          JSON.stringify(worker),
        );
        all(
          `DELETE FROM task_workers WHERE id IN (
             SELECT id FROM task_workers ORDER BY value ->> '$.seenAt' DESC, id LIMIT -1 OFFSET ?
           )`,
          MOST_WORKERS,
        );
      },
      remove: (id) => removeAll('task_workers', [id]),
    },
    ingested: {
      get: (taskId) => texts(all('SELECT id, value FROM ingested_texts WHERE id = ?', taskId))[0] ?? null,
      list({ text, offset, limit }) {
        const wanted = text?.toLowerCase() ?? '';
        const where = "state <> 'deleted' AND (?1 = '' OR instr(words, ?1) > 0)";
        const [counted] = all(`SELECT count(*) AS total FROM ingested_texts WHERE ${where}`, wanted);
        const found = all(
          `SELECT id, value FROM ingested_texts WHERE ${where} ORDER BY at DESC, id DESC LIMIT ?2 OFFSET ?3`,
          wanted,
          limit,
          offset,
        );
        return { texts: texts(found), total: Number(counted?.total ?? 0) };
      },
      inState: (state, limit) =>
        texts(
          all('SELECT id, value FROM ingested_texts WHERE state = ? ORDER BY at, id LIMIT ?', state, limit),
        ),
      put: (records) =>
        whole(() => {
          for (const record of records) {
            statement(
              `INSERT INTO ingested_texts (id, at, state, words, value) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (id) DO UPDATE SET at = ?2, state = ?3, words = ?4, value = ?5`,
            ).run(
              record.taskId,
              Math.round(record.addedAt),
              record.state,
              `${record.title}\n${record.origin}`.toLowerCase(),
              JSON.stringify(record),
            );
          }
        }),
      remove: (taskIds) => removeAll('ingested_texts', taskIds),
      size() {
        const [row] = all(
          "SELECT count(*) AS count, min(at) AS oldest FROM ingested_texts WHERE state <> 'deleted'",
        );
        const oldest = row?.oldest;
        return { count: Number(row?.count ?? 0), oldestAt: typeof oldest === 'number' ? oldest : null };
      },
    },
    webhooks: {
      list: () =>
        rows.parseRows(
          'task_webhooks',
          all('SELECT id, value FROM task_webhooks WHERE id <> ? ORDER BY id', SINCE),
          webhookSchema,
        ),
      since(now) {
        const find = () => Number(all('SELECT value FROM task_webhooks WHERE id = ?', SINCE)[0]?.value);
        if (!Number.isFinite(find())) {
          try {
            all('INSERT OR REPLACE INTO task_webhooks (id, value) VALUES (?, ?)', SINCE, String(now));
          } catch {
            // A full disk: it is asked again at the next start.
            return now;
          }
        }
        return find();
      },
      put: (webhooks) =>
        whole(() => {
          for (const webhook of webhooks) {
            statement(
              'INSERT INTO task_webhooks (id, value) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET value = ?2',
            ).run(webhook.taskId, JSON.stringify(webhook));
          }
        }),
      remove: (taskIds) => removeAll('task_webhooks', taskIds),
    },
    depth: createBucketTable({
      database,
      statement,
      table: 'task_depth',
      toRows: depthRows,
      toValue: (rows) => rows,
    }),
  };
}

/** None if they cannot be read: a chart with a gap is better than no chart. */
function depthRows(text: unknown): DepthRow[] {
  try {
    return depthSchema.parse(JSON.parse(String(text)));
  } catch {
    return [];
  }
}
