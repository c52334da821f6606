/**
 * The shapes of the server that existing scripts were written for, derived from our tasks. Times are ISO 8601 in UTC,
 * durations seconds.
 */
import { fact } from '../../../../shared/models/message.ts';
import {
  endedTaskStates,
  type TaskDetails,
  type TaskQueueView,
  type TaskResult,
  type TaskSpec,
  type TaskView,
  type TaskWorker,
} from '../../../../shared/models/tasks.ts';
import { textOf } from '../../../../shared/text/index.ts';

export type ForeignStatus = 'PENDING' | 'PROGRESS' | 'SUCCESS' | 'FAILURE' | 'REVOKED';

/** Seconds that a script is told to expect. */
export const ESTIMATED_FILE_S = 60;
export const ESTIMATED_URL_S = 120;

type Progress = Pick<TaskView, 'state' | 'storing'>;

/** A task whose text is stored has succeeded when the text can be found. */
export function foreignStatus({ state, storing }: Progress): ForeignStatus {
  switch (state) {
    case 'waiting':
    case 'delayed':
      return 'PENDING';
    case 'active':
      return 'PROGRESS';
    case 'failed':
      return 'FAILURE';
    case 'cancelled':
      return 'REVOKED';
    case 'completed':
      if (storing === 'pending') return 'PROGRESS';
      return storing === 'failed' ? 'FAILURE' : 'SUCCESS';
  }
}

/** `GET /api/v1/status/{id}`. */
export function statusAnswer({ task, spec, result }: TaskDetails, now: number) {
  const status = foreignStatus(task);
  const isEnded = endedTaskStates.has(task.state) && status !== 'PROGRESS';
  return {
    task_id: task.id,
    status,
    progress: status === 'SUCCESS' ? 1 : task.progress,
    message: task.progressText || (task.why === null ? null : textOf(task.why)),
    result: status === 'SUCCESS' && result !== null ? resultOf(result, spec.metadata) : null,
    error:
      status === 'FAILURE' ? (task.failure?.message ?? (task.why === null ? null : textOf(task.why))) : null,
    created_at: toIso(task.addedAt),
    started_at: toIso(task.startedAt),
    completed_at: isEnded ? toIso(task.endedAt) : null,
    estimated_time_remaining: isEnded ? null : secondsLeft(task, now),
  };
}

function secondsLeft({ state, startedAt, progress }: TaskView, now: number): number | null {
  if (state !== 'active' || startedAt === null || progress <= 0 || progress >= 1) return null;
  return Math.max(0, Math.round(((now - startedAt) / 1000) * ((1 - progress) / progress)));
}

const resultOf = (
  { content, metadata, thumbnails, processingMs }: TaskResult,
  given: TaskSpec['metadata'],
) => ({
  success: true,
  content,
  metadata: { ...metadata, ...given },
  processing_time: processingMs / 1000,
  ...(thumbnails.length > 0 ? { thumbnails } : {}),
});

/** What `/process/*` answers for one item. */
export function processAnswer({ task, spec, result }: Pick<TaskDetails, 'task' | 'spec' | 'result'>) {
  if (task.state === 'completed' && result !== null) return resultOf(result, spec.metadata);
  return failedAnswer(
    task.failure?.message ?? textOf(fact('TASK_CANCELLED_BEFORE')),
    task.startedAt === null ? 0 : Math.max(0, (task.endedAt ?? task.startedAt) - task.startedAt),
  );
}

export const failedAnswer = (message: string, processingMs = 0) => ({
  success: false,
  content: '',
  metadata: {},
  processing_time: processingMs / 1000,
  error_message: message,
});

/** `GET /api/v1/status/workers`. A script asks who would work now: those that are lost or asleep are left out. */
export function workersAnswer(workers: readonly TaskWorker[], queues: readonly TaskQueueView[]) {
  const present = workers.filter(({ state }) => state === 'online' || state === 'draining');
  const names = namesOf(present);
  const gpu = present.filter(({ type }) => type === 'gpu').length;
  return {
    workers: {
      total: present.length,
      gpu,
      cpu: present.length - gpu,
      details: Object.fromEntries(
        present.map((worker) => [
          names.get(worker.id) ?? worker.id,
          {
            type: worker.type,
            active_tasks: worker.active,
            max_tasks: worker.slots,
            queues: worker.queues,
          },
        ]),
      ),
    },
    queues: Object.fromEntries(
      queues.map(({ queue, counts, workers: some }) => [
        queue,
        { length: counts.waiting + counts.delayed, workers: some },
      ]),
    ),
    gpu_available: present.some(({ type, state }) => type === 'gpu' && state === 'online'),
  };
}

/** Two workers may have one name; in the answer it is a key. */
function namesOf(workers: readonly TaskWorker[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { id, name } of workers) {
    const isTaken = workers.some((other) => other.id !== id && other.name === name);
    names.set(id, isTaken ? `${name} (${id})` : name);
  }
  return names;
}

/** `GET /api/v1/status/stats/queues`. */
export function queuesAnswer(queues: readonly TaskQueueView[]) {
  const sum = (...states: (keyof TaskQueueView['counts'])[]) =>
    queues.reduce((all, { counts }) => all + states.reduce((some, state) => some + counts[state], 0), 0);
  return {
    pending: sum('waiting', 'delayed'),
    active: sum('active'),
    completed: sum('completed'),
    failed: sum('failed'),
  };
}

const toIso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
