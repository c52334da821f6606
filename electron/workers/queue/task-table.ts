/** The tables of the queue, and what every operation on them shares. */
import type { TaskStep } from '../../../shared/models/tasks.ts';
import type { KeptTask, LeaseProof } from '../../core/ports/task-queue.ts';
import { queueSteps, searchable } from '../../core/tasks/queue-steps.ts';
import type { Sql, TaskRow } from './rows.ts';
import { delay, type Turn, transit } from './turn.ts';

export type TaskTable = ReturnType<typeof createTaskTable>;

/** @param nextPlace numbers that grow, for places in a queue */
export function createTaskTable(sql: Sql, nextPlace: () => number) {
  const find = (id: string) => sql.get<TaskRow>('SELECT * FROM tasks WHERE id = ?', id);

  function addStep(seq: number, step: TaskStep): void {
    sql.run(
      'INSERT INTO steps VALUES (?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM steps WHERE seq = ?1), ?2)',
      seq,
      JSON.stringify(step),
    );
  }

  /** The claim of an attempt that did not complete its task; it is recorded once. */
  function addClaim(row: TaskRow): void {
    const at = row.started_at;
    if (at === null) return;
    const last = sql.all<{ step: string }>(
      `SELECT step FROM steps WHERE seq = ? AND step ->> '$.kind' = 'claimed' AND step ->> '$.at' >= ?`,
      row.seq,
      at,
    );
    if (last.length > 0) return;
    const step = queueSteps.claimed(row.worker_id ?? '', row.attempts, row.max_attempts);
    addStep(row.seq, { ...step, at });
  }

  /** Its number; null if the id is taken. */
  function insert(turn: Turn, task: KeptTask['task']): number | null {
    const { id, spec, failure } = task;
    const inserted = sql.get<{ seq: number }>(
      `INSERT INTO tasks (id, queue, state, priority, place, batch_id, added_at, run_at, started_at, ended_at, attempts,
         max_attempts, worker_id, progress, progress_text, failure, search)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq`,
      id,
      task.queue,
      task.state,
      task.priority,
      nextPlace(),
      spec.batchId,
      task.addedAt,
      task.runAt,
      task.startedAt,
      task.endedAt,
      task.attempts,
      task.maxAttempts,
      task.workerId,
      task.progress,
      task.progressText,
      failure === null ? null : JSON.stringify(failure),
      searchable(id, spec.title, failure),
    );
    if (inserted === undefined) return null;
    sql.run('INSERT INTO specs VALUES (?, ?)', inserted.seq, JSON.stringify(spec));
    transit(turn, { id, from: null, to: task });
    if (task.state === 'delayed') delay(turn, task.runAt ?? turn.now);
    return inserted.seq;
  }

  const held = ({ id, token }: LeaseProof): TaskRow | null => {
    const row = find(id);
    return row !== undefined && row.state === 'active' && row.token === token ? row : null;
  };

  const specOf = (seq: number): string | null =>
    sql.get<{ spec: string }>('SELECT spec FROM specs WHERE seq = ?', seq)?.spec ?? null;

  function titleOf(seq: number): string {
    const spec = sql.get<{ title: string }>(
      "SELECT spec ->> '$.title' AS title FROM specs WHERE seq = ?",
      seq,
    );
    return spec?.title ?? '';
  }

  function erase(turn: Turn, row: TaskRow): true {
    for (const table of ['tasks', 'specs', 'results', 'logs', 'steps'])
      sql.run(`DELETE FROM ${table} WHERE seq = ?`, row.seq);
    transit(turn, { id: row.id, from: row, to: null });
    return true;
  }

  return { sql, nextPlace, find, held, addStep, addClaim, insert, specOf, titleOf, erase };
}
