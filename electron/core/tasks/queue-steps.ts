/** Pure. The steps that an engine adds to a task's timeline itself, and what both engines decide the same way. */
import { fact } from '../../../shared/models/message.ts';
import type { TaskFailure, TaskQueueName, TaskState, TaskStep } from '../../../shared/models/tasks.ts';

type StepAt = Omit<TaskStep, 'at'>;

export const queueSteps = {
  added: (queue: TaskQueueName, isLater: boolean): StepAt => ({
    kind: 'added',
    workerId: null,
    message: fact(isLater ? 'QUEUE_TASK_ADDED_LATER' : 'QUEUE_TASK_ADDED', { queue }),
  }),
  claimed: (worker: string, attempt: number, attempts: number): StepAt => ({
    kind: 'claimed',
    workerId: worker,
    message: fact('QUEUE_TASK_CLAIMED', { worker, attempt, attempts }),
  }),
  released: (worker: string): StepAt => ({
    kind: 'released',
    workerId: worker,
    message: fact('QUEUE_TASK_RELEASED', { worker }),
  }),
  lost: (worker: string): StepAt => ({
    kind: 'lost',
    workerId: worker,
    message: fact('QUEUE_TASK_LOST', { worker }),
  }),
  failed: (worker: string | null, { message }: TaskFailure): StepAt => ({
    kind: 'failed',
    workerId: worker,
    message: fact('QUEUE_TASK_FAILED', { reason: message }),
  }),
  retried: (): StepAt => ({ kind: 'retried', workerId: null, message: fact('QUEUE_TASK_RETRIED') }),
  moved: (queue: TaskQueueName): StepAt => ({
    kind: 'moved',
    workerId: null,
    message: fact('QUEUE_TASK_MOVED', { queue }),
  }),
  completed: (worker: string | null): StepAt => ({
    kind: 'completed',
    workerId: worker,
    message: fact('QUEUE_TASK_COMPLETED'),
  }),
  cancelled: (): StepAt => ({ kind: 'cancelled', workerId: null, message: fact('QUEUE_TASK_CANCELLED') }),
};

/** How much of a task's log is kept, characters. */
export const LOG_LIMIT = 65_536;

/** The log with a text added to it: the end of it is kept. */
export const addToLog = (log: string, text: string): string => (log + text).slice(-LOG_LIMIT);

/** Where an attempt leads that failed or was lost. */
export function stateAfterAttempt(
  { attempts, maxAttempts }: { attempts: number; maxAttempts: number },
  retryAfterMs: number | null,
): Extract<TaskState, 'waiting' | 'delayed' | 'failed'> {
  if (retryAfterMs === null || attempts >= maxAttempts) return 'failed';
  return retryAfterMs > 0 ? 'delayed' : 'waiting';
}

/** What a text search looks into. */
export const searchable = (id: string, title: string, failure: TaskFailure | null): string =>
  `${id}\n${title}\n${failure?.code ?? ''}\n${failure?.message ?? ''}`.toLowerCase();
