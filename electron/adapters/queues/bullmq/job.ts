/** A job's hash in Redis, and the task that it is. docs/tasks-redis.md describes it for workers in other languages. */
import {
  type TaskFailure,
  type TaskQueueName,
  type TaskRecord,
  type TaskResult,
  type TaskSpec,
  type TaskState,
  type TaskStep,
  taskResultSchema,
  taskSpecSchema,
  taskStepSchema,
} from '../../../../shared/models/tasks.ts';
import type { KeptTask } from '../../../core/ports/task-queue.ts';
import { addToLog, timelineOf } from '../../../core/tasks/queue-steps.ts';

export type Hash = Readonly<Record<string, string | undefined>>;

/** BullMQ's lower numbers go first, and 0 before all others: ours is turned round. */
const TOP = 1_000_001;
export const toBullPriority = (priority: number): number => TOP - priority;
const fromBullPriority = (priority: number): number =>
  priority === 0 ? TOP - 1 : Math.max(0, TOP - priority);

/** A larger result is kept in a field of its own, because BullMQ copies the returned value into its stream of events. */
const LARGE_RESULT = 8192;
const RESULT_FIELD = 'pl:result';
const STEP_FIELD = 'pl:step:';

let stepNumber = 0;
/** Name and value of a field. Names sort by time. */
export function stepField(step: TaskStep): [string, string] {
  stepNumber += 1;
  return [
    `${STEP_FIELD}${String(step.at).padStart(15, '0')}:${String(stepNumber).padStart(9, '0')}`,
    JSON.stringify(step),
  ];
}

/** What a completed job returns, and fields beside it. */
export function returnedOf(result: TaskResult): { value: string; fields: Record<string, string> } {
  const text = JSON.stringify(result);
  if (text.length <= LARGE_RESULT) return { value: text, fields: {} };
  return { value: JSON.stringify({ in: RESULT_FIELD }), fields: { [RESULT_FIELD]: text } };
}

/** The fields of a task that is put in. */
export function hashOf({ task, steps }: Pick<KeptTask, 'task' | 'steps'>): Record<string, string> {
  const { spec, priority, addedAt, maxAttempts, failure, result, progress, progressText } = task;
  const bull = toBullPriority(priority);
  const delay = task.state === 'delayed' && task.runAt !== null ? Math.max(1, task.runAt - addedAt) : 0;
  const opts = {
    ...{ jobId: task.id, attempts: maxAttempts, priority: bull, timestamp: addedAt, delay },
    // For workers that use BullMQ directly.
    backoff: { type: 'exponential', delay: 5000 },
  };
  const returned = result === null ? null : returnedOf(result);
  const optional: Record<string, string | number | null | undefined> = {
    processedOn: task.startedAt,
    finishedOn: task.endedAt,
    pb: task.workerId,
    ats: task.attempts === 0 ? null : task.attempts,
    atm: task.attempts === 0 ? null : task.attempts,
    progress: progress === 0 && progressText === '' ? null : JSON.stringify({ progress, text: progressText }),
    failedReason: failure?.message,
    'pl:failure': failure === null ? null : JSON.stringify(failure),
    returnvalue: returned?.value,
    ...returned?.fields,
    ...Object.fromEntries(steps.map(stepField)),
  };
  const present = Object.entries(optional).filter(([, value]) => value !== null && value !== undefined);
  return {
    ...{ name: spec.contentType, data: JSON.stringify(spec), opts: JSON.stringify(opts) },
    ...{ timestamp: String(addedAt), delay: String(delay), priority: String(bull) },
    ...Object.fromEntries(present.map(([name, value]) => [name, String(value)])),
  };
}

export interface FoundJob {
  id: string;
  queue: TaskQueueName;
  state: TaskState;
  /** BullMQ's score of a delayed job; empty for others. */
  due: string;
  hash: Hash;
}

/** null for a job that is no task: another program has added it. */
export function specOf(hash: Hash): TaskSpec | null {
  const parsed = taskSpecSchema.safeParse(json(hash.data));
  return parsed.success ? parsed.data : null;
}

const strangerSpec = (title: string): TaskSpec => ({
  ...{ contentType: 'document', input: { kind: 'url', url: '' }, title, options: {}, metadata: {} },
  ...{ store: false, gpu: false, whenGpuAsleep: 'wait', webhookUrl: null, batchId: null, credentialId: null },
  timeLimitMs: 0,
});

/**
 * @param withResult whether the hash has the fields of the result
 * @param spec of the hash, if it is known already: to check it takes longer than all the rest
 */
export function recordOf(
  { id, queue, state, due, hash }: FoundJob,
  withResult: boolean,
  spec: TaskSpec | null = specOf(hash),
): TaskRecord {
  const progress = progressOf(hash.progress);
  return {
    ...{ id, queue, state, spec: spec ?? strangerSpec(hash.name ?? id) },
    priority: fromBullPriority(number(hash.priority) ?? 0),
    addedAt: number(hash.timestamp) ?? 0,
    runAt: due === '' ? null : Math.floor(Number(due) / 0x1000),
    startedAt: number(hash.processedOn),
    endedAt: number(hash.finishedOn),
    attempts: attemptsOf(hash),
    maxAttempts: maxAttemptsOf(hash),
    workerId: hash.pb ?? null,
    progress: state === 'completed' ? 1 : progress.progress,
    progressText: progress.text,
    result: withResult && state === 'completed' ? resultOf(hash) : null,
    failure: state === 'completed' || state === 'cancelled' ? null : failureOf(hash),
  };
}

export const attemptsOf = (hash: Hash): number =>
  Math.max(0, (number(hash.ats) ?? 0) - (number(hash['pl:given']) ?? 0));

export function maxAttemptsOf(hash: { opts?: string | undefined }): number {
  const opts = json(hash.opts);
  const attempts =
    typeof opts === 'object' && opts !== null && 'attempts' in opts ? Number(opts.attempts) : 1;
  return Number.isInteger(attempts) && attempts > 0 ? attempts : 1;
}

/** A worker in Python reports a number, 0 to 1 or in per cent, or an object with `progress` and `text`. */
function progressOf(text: string | undefined): { progress: number; text: string } {
  const value = json(text);
  if (typeof value === 'number') return { progress: within(value > 1 ? value / 100 : value), text: '' };
  if (typeof value !== 'object' || value === null) return { progress: 0, text: '' };
  const { progress, text: said } = value as { progress?: unknown; text?: unknown };
  return { progress: within(Number(progress)), text: typeof said === 'string' ? said : '' };
}

const within = (value: number): number => (Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0);

function failureOf(hash: Hash): TaskFailure | null {
  const kept = json(hash['pl:failure']) as TaskFailure | null;
  // Of an attempt before the last one, which a worker of another program made.
  const isLast = kept !== null && (hash.failedReason === undefined || hash.failedReason === kept.message);
  if (isLast) return kept;
  return hash.failedReason === undefined ? null : { code: 'HANDLER_FAILED', message: hash.failedReason };
}

function resultOf(hash: Hash): TaskResult {
  const returned = json(hash.returnvalue);
  const isElsewhere = typeof returned === 'object' && returned !== null && 'in' in returned;
  const value = isElsewhere ? json(hash[RESULT_FIELD]) : returned;
  const tookMs = (number(hash.finishedOn) ?? 0) - (number(hash.processedOn) ?? 0);
  const whole = { content: '', metadata: {}, processingMs: Math.max(0, tookMs) };
  const given = typeof value === 'string' ? { content: value } : value;
  const parsed = taskResultSchema.safeParse({ ...whole, ...(given as object | null) });
  if (parsed.success) return parsed.data;
  // What a worker in another language returned, as it is.
  return taskResultSchema.parse({ ...whole, metadata: { returned: value } });
}

/** The timeline of a task whose whole hash was read. */
export function stepsOf({ hash }: FoundJob, task: TaskRecord): TaskStep[] {
  const recorded = Object.keys(hash)
    .filter((name) => name.startsWith(STEP_FIELD))
    .sort()
    .flatMap((name) => {
      const parsed = taskStepSchema.safeParse(json(hash[name]));
      return parsed.success ? [parsed.data] : [];
    });
  const { delay } = (json(hash.opts) ?? {}) as { delay?: number };
  return timelineOf(task, recorded, Number(delay ?? 0) > 0);
}

/** BullMQ's own rows have no line ends. */
export const logOf = (rows: readonly string[]): string =>
  addToLog(
    '',
    rows.map((row, index) => (row.endsWith('\n') || index === rows.length - 1 ? row : `${row}\n`)).join(''),
  );

function number(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function json(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
