/** Adding tasks, and what people do with them. As in attempts.ts, each function is one part of a transaction. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { endedTaskStates, type TaskQueueName, type TaskStep } from '../../../shared/models/tasks.ts';
import type { KeptTask, NewTask } from '../../core/ports/task-queue.ts';
import { queueSteps, searchable } from '../../core/tasks/queue-steps.ts';
import type { TaskRow } from './rows.ts';
import type { TaskTable } from './task-table.ts';
import { type Turn, touch, transit } from './turn.ts';

export function createManagement({
  sql,
  nextPlace,
  find,
  addStep,
  addClaim,
  insert,
  titleOf,
  erase,
}: TaskTable) {
  function add(turn: Turn, tasks: readonly NewTask[]): void {
    for (const { id, queue, spec, priority, runAt, maxAttempts } of tasks) {
      const isLater = runAt !== null && runAt > turn.now;
      const state = isLater ? ('delayed' as const) : ('waiting' as const);
      const unused = {
        startedAt: null,
        endedAt: null,
        attempts: 0,
        workerId: null,
        result: null,
        failure: null,
      };
      const record = { id, queue, state, spec, priority, addedAt: turn.now, maxAttempts, ...unused };
      const seq = insert(turn, { ...record, runAt: isLater ? runAt : null, progress: 0, progressText: '' });
      if (seq !== null && isLater) addStep(seq, { ...queueSteps.added(queue, isLater), at: turn.now });
    }
  }

  function eachOf(ids: readonly string[], act: (row: TaskRow) => boolean): number {
    let count = 0;
    for (const id of new Set(ids)) {
      const row = find(id);
      if (row !== undefined && act(row)) count += 1;
    }
    return count;
  }

  const cancel = (turn: Turn, ids: readonly string[]) =>
    eachOf(ids, (row) => {
      if (endedTaskStates.has(row.state)) return false;
      sql.run(
        "UPDATE tasks SET state = 'cancelled', ended_at = ?, run_at = NULL, token = ? WHERE seq = ?",
        turn.now,
        row.state === 'active' ? row.token : null,
        row.seq,
      );
      addStep(row.seq, { ...queueSteps.cancelled(), at: turn.now });
      transit(turn, { id: row.id, from: row, to: { queue: row.queue, state: 'cancelled' } });
      return true;
    });

  const retry = (turn: Turn, ids: readonly string[]) =>
    eachOf(ids, (row) => {
      if (!endedTaskStates.has(row.state)) return false;
      // They follow from the row until now, which starts again.
      addClaim(row);
      if (row.state === 'completed')
        addStep(row.seq, { ...queueSteps.completed(row.worker_id), at: row.ended_at ?? turn.now });
      sql.run(
        `UPDATE tasks SET state = 'waiting', place = ?, ended_at = NULL, started_at = NULL, run_at = NULL, attempts = 0,
           token = NULL, worker_id = NULL, progress = 0, progress_text = '', failure = NULL, search = ? WHERE seq = ?`,
        nextPlace(),
        searchable(row.id, titleOf(row.seq), null),
        row.seq,
      );
      sql.run('DELETE FROM results WHERE seq = ?', row.seq);
      addStep(row.seq, { ...queueSteps.retried(), at: turn.now });
      transit(turn, { id: row.id, from: row, to: { queue: row.queue, state: 'waiting' } });
      return true;
    });

  const move = (turn: Turn, ids: readonly string[], queue: TaskQueueName) =>
    eachOf(ids, (row) => {
      if (row.queue === queue || (row.state !== 'waiting' && row.state !== 'delayed')) return false;
      sql.run('UPDATE tasks SET queue = ? WHERE seq = ?', queue, row.seq);
      addStep(row.seq, { ...queueSteps.moved(queue), at: turn.now });
      transit(turn, { id: row.id, from: row, to: { queue, state: row.state } });
      return true;
    });

  const remove = (turn: Turn, ids: readonly string[]) =>
    eachOf(ids, (row) => endedTaskStates.has(row.state) && erase(turn, row));

  const forget = (turn: Turn, ids: readonly string[]) =>
    eachOf(ids, (row) => row.state !== 'active' && erase(turn, row));

  function prune(turn: Turn, before: number, limit: number): string[] {
    const rows = sql.all<TaskRow>(
      'SELECT * FROM tasks WHERE ended_at IS NOT NULL AND ended_at < ? ORDER BY ended_at LIMIT ?',
      before,
      limit,
    );
    for (const row of rows) erase(turn, row);
    return rows.map(({ id }) => id);
  }

  function note(turn: Turn, id: string, step: TaskStep): void {
    const row = find(id);
    if (row === undefined) throw new PilotlightError('NOT_FOUND');
    addStep(row.seq, step);
    touch(turn, row);
  }

  function putIn(turn: Turn, tasks: readonly KeptTask[]): void {
    for (const { task, steps, log } of tasks) {
      const seq = insert(turn, task);
      if (seq === null) continue;
      if (task.result !== null)
        sql.run('INSERT INTO results VALUES (?, ?)', seq, JSON.stringify(task.result));
      if (log !== '') sql.run('INSERT INTO logs VALUES (?, ?)', seq, log);
      for (const step of steps) addStep(seq, step);
    }
  }

  return { add, cancel, retry, move, remove, forget, prune, note, putIn };
}
