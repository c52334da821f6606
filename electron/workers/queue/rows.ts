/** Rows of the tables, and the records that they are. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type {
  TaskFailure,
  TaskQueueName,
  TaskRecord,
  TaskResult,
  TaskSpec,
  TaskState,
} from '../../../shared/models/tasks.ts';

export interface TaskRow {
  seq: number;
  id: string;
  queue: TaskQueueName;
  state: TaskState;
  priority: number;
  place: number;
  batch_id: string | null;
  added_at: number;
  run_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  attempts: number;
  max_attempts: number;
  worker_id: string | null;
  token: string | null;
  lease_ms: number | null;
  progress: number;
  progress_text: string;
  failure: string | null;
}

/** What a record is made of. */
export type RecordRow = Omit<TaskRow, 'seq' | 'place' | 'batch_id' | 'token' | 'lease_ms'>;

export function recordOf(row: RecordRow, spec: string, result: string | null): TaskRecord {
  return {
    id: row.id,
    queue: row.queue,
    state: row.state,
    spec: JSON.parse(spec) as TaskSpec,
    priority: row.priority,
    addedAt: row.added_at,
    runAt: row.run_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    workerId: row.worker_id,
    progress: row.progress,
    progressText: row.progress_text,
    result: result === null ? null : (JSON.parse(result) as TaskResult),
    failure: failureOf(row),
  };
}

export const failureOf = ({ failure }: Pick<TaskRow, 'failure'>): TaskFailure | null =>
  failure === null ? null : (JSON.parse(failure) as TaskFailure);

export interface Sql {
  run(text: string, ...values: SQLInputValue[]): number;
  get<Row>(text: string, ...values: SQLInputValue[]): Row | undefined;
  all<Row>(text: string, ...values: SQLInputValue[]): Row[];
}

/** Each statement is prepared once. */
export function createSql(database: DatabaseSync): Sql {
  const statements = new Map<string, StatementSync>();
  function statement(text: string): StatementSync {
    let prepared = statements.get(text);
    if (prepared === undefined) {
      prepared = database.prepare(text);
      statements.set(text, prepared);
    }
    return prepared;
  }
  return {
    run: (text, ...values) => Number(statement(text).run(...values).changes),
    get: <Row>(text: string, ...values: SQLInputValue[]) => statement(text).get(...values) as Row | undefined,
    all: <Row>(text: string, ...values: SQLInputValue[]) => statement(text).all(...values) as Row[],
  };
}
