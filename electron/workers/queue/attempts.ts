/**
 * The attempts at a task, from its claim to their end. Each function is one part of a transaction: it throws because the
 * database failed, after which the whole transaction is undone.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { TaskFailure, TaskStep } from '../../../shared/models/tasks.ts';
import type {
  ClaimRequest,
  LeaseProof,
  TaskClaim,
  TaskQueue,
  TaskReport,
} from '../../core/ports/task-queue.ts';
import { addToLog, queueSteps, searchable, stateAfterAttempt } from '../../core/tasks/queue-steps.ts';
import { type RecordRow, recordOf, type TaskRow } from './rows.ts';
import type { TaskTable } from './task-table.ts';
import { delay, type Lease, type Turn, touch, transit } from './turn.ts';

type Call<M extends keyof TaskQueue> = Parameters<TaskQueue[M]>;
type Answer<M extends keyof TaskQueue> = Awaited<ReturnType<TaskQueue[M]>>;
export type Claiming = Pick<ClaimRequest, 'queues' | 'workerId' | 'leaseMs'>;

type FoundRow = Pick<
  TaskRow,
  'id' | 'priority' | 'added_at' | 'run_at' | 'attempts' | 'max_attempts' | 'failure'
> & { spec: string | null };

export function createAttempts({ sql, find, held, addStep, addClaim, titleOf, specOf }: TaskTable) {
  /** The next task of the first queue that has one. */
  function claimOne(turn: Turn, { queues, workerId, leaseMs }: Claiming, token: string): TaskClaim | null {
    for (const queue of queues) {
      // Only what is not known here: each column of a row costs about as much as finding the row.
      const found = sql.get<FoundRow>(
        `UPDATE tasks SET state = 'active', token = ?, worker_id = ?, lease_ms = ?, started_at = ?,
           attempts = attempts + 1, progress = 0, progress_text = ''
         WHERE seq = (SELECT seq FROM tasks WHERE state = 'waiting' AND queue = ?
           ORDER BY priority DESC, place LIMIT 1)
         RETURNING id, priority, added_at, run_at, attempts, max_attempts, failure,
           (SELECT spec FROM specs WHERE specs.seq = tasks.seq) AS spec`,
        token,
        workerId,
        leaseMs,
        turn.now,
        queue,
      );
      if (found === undefined) continue;
      const to = { queue, state: 'active' } as const;
      transit(turn, { id: found.id, from: { queue, state: 'waiting' }, to });
      turn.leases.set(found.id, { id: found.id, token, workerId, leaseMs });
      const fresh = {
        worker_id: workerId,
        started_at: turn.now,
        ended_at: null,
        progress: 0,
        progress_text: '',
      };
      return claimOf(turn, { ...found, ...to, ...fresh }, found.spec, { token, leaseMs });
    }
    return null;
  }

  const claimOf = (
    turn: Turn,
    row: RecordRow,
    spec: string | null,
    { token, leaseMs }: Pick<Lease, 'token' | 'leaseMs'>,
  ): TaskClaim => ({
    task: recordOf(row, spec ?? 'null', null),
    token,
    leaseUntil: turn.now + leaseMs,
  });

  /** What a claim that was not answered has taken: tasks whose leases have this token. */
  function claimedWith(turn: Turn, leases: readonly Lease[], token: string): TaskClaim[] {
    return leases.flatMap(({ id }) => {
      const row = held({ id, token });
      return row === null ? [] : [claimOf(turn, row, specOf(row.seq), { token, leaseMs: row.lease_ms ?? 0 })];
    });
  }

  function complete(turn: Turn, [{ id, token }, result]: Call<'complete'>): boolean {
    const row = sql.get<Pick<TaskRow, 'seq' | 'queue'>>(
      `UPDATE tasks SET state = 'completed', ended_at = ?, progress = 1, failure = NULL
       WHERE id = ? AND token = ? AND state = 'active' RETURNING seq, queue`,
      turn.now,
      id,
      token,
    );
    if (row === undefined) {
      const found = find(id);
      return found?.state === 'completed' && found.token === token;
    }
    const { seq, queue } = row;
    sql.run('INSERT OR REPLACE INTO results VALUES (?, ?)', seq, JSON.stringify(result));
    transit(turn, { id, from: { queue, state: 'active' }, to: { queue, state: 'completed' } });
    return true;
  }

  function fail(turn: Turn, [proof, failure, retryAfterMs]: Call<'fail'>): Answer<'fail'> {
    const row = held(proof);
    if (row === null) {
      const found = find(proof.id);
      const isRepeated =
        found?.token === proof.token && ['waiting', 'delayed', 'failed'].includes(found.state);
      return isRepeated ? found.state : null;
    }
    const step = queueSteps.failed(row.worker_id, failure);
    return endAttempt(turn, row, { failure, retryAfterMs, token: row.token, step });
  }

  function endAttempt(
    turn: Turn,
    row: TaskRow,
    ending: {
      failure: TaskFailure;
      retryAfterMs: number | null;
      token: string | null;
      step: Omit<TaskStep, 'at'>;
    },
  ) {
    const { failure, retryAfterMs, token, step } = ending;
    const { attempts, max_attempts: maxAttempts, seq, id, queue } = row;
    const state = stateAfterAttempt({ attempts, maxAttempts }, retryAfterMs);
    const runAt = state === 'delayed' ? turn.now + (retryAfterMs ?? 0) : null;
    sql.run(
      `UPDATE tasks SET state = ?, ended_at = ?, run_at = ?, failure = ?, token = ?,
         search = ? WHERE seq = ?`,
      state,
      state === 'failed' ? turn.now : null,
      runAt,
      JSON.stringify(failure),
      token,
      searchable(id, titleOf(seq), failure),
      seq,
    );
    addClaim(row);
    addStep(seq, { ...step, at: turn.now });
    transit(turn, { id, from: row, to: { queue, state } });
    if (runAt !== null) delay(turn, runAt);
    return state;
  }

  /** A lease that ended: the attempt counts, because the work may have ended its worker. */
  function lose(turn: Turn, proof: LeaseProof): void {
    const row = held(proof);
    if (row === null) return;
    const workerId = row.worker_id ?? '';
    const { code, message } = new PilotlightError('WORKER_LEFT');
    const step = queueSteps.lost(workerId);
    const state = endAttempt(turn, row, { failure: { code, message }, retryAfterMs: 0, token: null, step });
    turn.lost.push({ id: row.id, workerId, state });
  }

  function release(turn: Turn, [proof, delayMs]: Call<'release'>): void {
    const row = held(proof);
    if (row === null) return;
    const state = delayMs > 0 ? ('delayed' as const) : ('waiting' as const);
    sql.run(
      'UPDATE tasks SET state = ?, run_at = ?, attempts = attempts - 1, token = NULL WHERE seq = ?',
      state,
      delayMs > 0 ? turn.now + delayMs : null,
      row.seq,
    );
    addClaim(row);
    addStep(row.seq, { ...queueSteps.released(row.worker_id ?? ''), at: turn.now });
    transit(turn, { id: row.id, from: row, to: { queue: row.queue, state } });
    if (delayMs > 0) delay(turn, turn.now + delayMs);
  }

  function report(turn: Turn, reports: readonly TaskReport[]): void {
    for (const { progress, progressText, log, ...proof } of reports) {
      const row = held(proof);
      if (row === null) continue;
      sql.run(
        'UPDATE tasks SET progress = COALESCE(?, progress), progress_text = COALESCE(?, progress_text) WHERE seq = ?',
        progress,
        progressText,
        row.seq,
      );
      if (log !== '') {
        const kept = sql.get<{ log: string }>('SELECT log FROM logs WHERE seq = ?', row.seq)?.log ?? '';
        sql.run('INSERT OR REPLACE INTO logs VALUES (?, ?)', row.seq, addToLog(kept, log));
      }
      touch(turn, row);
    }
  }

  /** Delayed tasks whose time has come. */
  function promote(turn: Turn): void {
    const rows = sql.all<TaskRow>(
      "UPDATE tasks SET state = 'waiting', run_at = NULL WHERE state = 'delayed' AND run_at <= ? RETURNING *",
      turn.now,
    );
    for (const row of rows)
      transit(turn, { id: row.id, from: { queue: row.queue, state: 'delayed' }, to: row });
  }

  return { claimOne, claimedWith, complete, fail, lose, release, report, promote };
}
