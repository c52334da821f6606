/** What is read from the queue. */
import type { TaskQueueName, TaskStep } from '../../../shared/models/tasks.ts';
import type { KeptTask, TaskPage, TaskQuery } from '../../core/ports/task-queue.ts';
import { recordOf, type Sql, type TaskRow } from './rows.ts';

interface FullRow extends TaskRow {
  spec: string;
  result: string | null;
}

const full =
  'SELECT tasks.*, specs.spec, results.result FROM tasks JOIN specs USING (seq) LEFT JOIN results USING (seq)';

export function createReads(sql: Sql) {
  function kept(row: FullRow): KeptTask {
    const steps = sql.all<{ step: string }>('SELECT step FROM steps WHERE seq = ? ORDER BY number', row.seq);
    return {
      task: recordOf(row, row.spec, row.result),
      steps: steps.map(({ step }) => JSON.parse(step) as TaskStep),
      log: sql.get<{ log: string }>('SELECT log FROM logs WHERE seq = ?', row.seq)?.log ?? '',
    };
  }

  function get(id: string): KeptTask | null {
    const row = sql.get<FullRow>(`${full} WHERE id = ?`, id);
    return row === undefined ? null : kept(row);
  }

  /** Results are left out: a page of them could be hundreds of megabytes. */
  function list({ queue, states, batchId, workerId, text, offset, limit }: TaskQuery): TaskPage {
    const conditions: string[] = [];
    const values: string[] = [];
    function where(condition: string, ...given: string[]): void {
      conditions.push(condition);
      values.push(...given);
    }
    if (queue !== undefined) where('queue = ?', queue);
    if (states !== undefined) where(`state IN (${states.map(() => '?').join()})`, ...states);
    if (batchId !== undefined) where('batch_id = ?', batchId);
    if (workerId !== undefined) where('worker_id = ?', workerId);
    if (text !== undefined && text !== '') where('instr(search, ?) > 0', text.toLowerCase());
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const total = sql.get<{ total: number }>(`SELECT COUNT(*) AS total FROM tasks ${filter}`, ...values);
    const rows = sql.all<FullRow>(
      `SELECT tasks.*, specs.spec, NULL AS result FROM (SELECT * FROM tasks ${filter} ORDER BY added_at DESC, seq DESC
         LIMIT ? OFFSET ?) AS tasks JOIN specs USING (seq) ORDER BY added_at DESC, seq DESC`,
      ...values,
      limit,
      offset ?? 0,
    );
    return { tasks: rows.map((row) => recordOf(row, row.spec, null)), total: Number(total?.total ?? 0) };
  }

  const takeOut = (limit: number): KeptTask[] =>
    sql.all<FullRow>(`${full} WHERE state <> 'active' ORDER BY place LIMIT ?`, limit).map((row) => kept(row));

  const oldestAt = (queue: TaskQueueName): number | null =>
    sql.get<{ at: number | null }>(
      "SELECT MIN(added_at) AS at FROM tasks WHERE state = 'waiting' AND queue = ?",
      queue,
    )?.at ?? null;

  return { get, list, takeOut, oldestAt };
}
