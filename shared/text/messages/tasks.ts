import { formatCount, formatDuration } from '../../units.ts';
import { clause, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** Tasks, their queues, their workers and the texts they stored. */
export const taskMessages = {
  TASK_STORED: () => 'Its text can be found in the index.',
  TASK_NOT_STORED: ({ reason }: { reason: Text | null }) =>
    reason === null ? 'Its text could not be stored.' : `Its text could not be stored: ${clause(reason)}.`,
  TASK_WEBHOOK_FAILED: ({ reason, times }: { reason: Text; times: number }) =>
    `The webhook could not be sent (tried ${formatCount(times)} times): ${clause(reason)}.`,

  // Uploads in parts.
  NOT_THE_NEXT_PART: ({ expected }: { expected: number }) =>
    `The next part must begin at byte ${formatCount(expected)}.`,
  TOO_MANY_UPLOADS: () => 'Too many uploads are in progress.',

  // Why a task is in its queue.
  TASK_GPU_NOT_ASKED: () => 'On the CPU queue: no GPU was asked for.',
  TASK_GPU_NO_USE: () => 'On the CPU queue: a GPU does not help with this kind of content.',
  TASK_GPU_NONE: () => 'On the CPU queue: there is no GPU worker.',
  TASK_GPU_BUSY: () => 'On the CPU queue: every GPU worker is busy.',
  TASK_GPU_QUEUE_LONG: ({ gpu, cpu }: { gpu: number; cpu: number }) =>
    `On the CPU queue: ${formatCount(gpu)} wait for a GPU, ${formatCount(cpu)} for a CPU.`,
  TASK_GPU_ASLEEP_USES_CPU: () => 'On the CPU queue: every machine with a GPU worker is asleep.',
  TASK_ON_GPU: () => 'On the GPU queue.',
  TASK_WAKES_GPU: () => 'On the GPU queue: a machine with a GPU worker is woken for it.',
  TASK_WAITS_FOR_GPU: () => 'On the GPU queue: it waits for a GPU worker.',
  TASK_WAKING: ({ node }: { node: string }) => `Waking ${node}.`,
  TASK_WAKE_FAILED: ({ node, reason }: { node: string; reason: Text }) =>
    `${node} was not woken: ${clause(reason)}.`,
  TASK_WORKER_NOT_BACK: ({ node }: { node: string }) => `${node} is awake, but its worker has not reported.`,
  TASK_GPU_FELL_BACK: () => 'No GPU worker could be reached, so it was moved to the CPU queue.',
  TASK_GPU_WORKER_DIED: () => 'The GPU worker stopped reporting again, so it was moved to the CPU queue.',
  TASK_WAITS_FOR_WORKER: () => 'It waits for a worker.',
  TASK_WAITS_FOR_KIND: () => 'It waits for a worker that can work on this kind of content.',
  TASK_NEXT_ATTEMPT: ({ attempt, of }: { attempt: number; of: number }) =>
    `Attempt ${attempt} of ${of} comes next.`,

  // Workers.
  WORKER_OTHER_VERSION: ({ theirs, ours }: { theirs: number; ours: number }) =>
    `It speaks version ${theirs} of the protocol, and Pilotlight version ${ours}.`,
  WORKER_CLOCK_OFF: ({ seconds }: { seconds: number }) =>
    `Its clock is ${formatDuration(Math.abs(seconds) * 1000)} ${seconds < 0 ? 'behind' : 'ahead'}.`,

  // Activity.
  TASK_FAILED: ({ title, reason }: { title: string; reason: string }) =>
    `The task "${title}" failed: ${clause(reason)}.`,
  TASKS_FAILED: ({ count, title, reason }: { count: number; title: string; reason: string }) =>
    `${formatCount(count)} tasks failed, the last one "${title}": ${clause(reason)}.`,
  TASK_FAILED_HINT: ({ attempts }: { attempts: number }) =>
    sentences(
      attempts > 1 ? `It was tried ${formatCount(attempts)} times.` : null,
      'Its log says more; it can be retried.',
    ),
  WORKER_LOST: ({ worker }: { worker: string }) => `The worker ${worker} stopped reporting.`,
  WORKER_LOST_HINT: () => 'Its tasks are tried again.',
  TASK_QUEUE_DOWN: ({ reason }: { reason: Text }) => `The task queue cannot be used: ${clause(reason)}.`,
  TASK_QUEUE_NOT_KEPT: () => 'Redis keeps no append-only file, so a restart of it can lose tasks.',
  TASK_QUEUE_KEEP: () => 'Set appendonly to yes in its configuration.',
  TASK_QUEUE_EVICTS: () => 'Redis deletes keys when its memory is full, tasks among them.',
  TASK_QUEUE_DO_NOT_EVICT: () => 'Set maxmemory-policy to noeviction in its configuration.',
  TASK_QUEUE_OLD: () => 'Redis is older than 6.2, so tasks may not work.',
  TASK_QUEUE_UPDATE: () => 'Use Redis 6.2 or newer, or Valkey.',
  TASK_QUEUE_MOVED: ({ count }: { count: number }) =>
    `${formatCount(count)} tasks were moved to the new queue.`,
  TASKS_DELETED: ({ count }: { count: number }) => `${formatCount(count)} old tasks were deleted.`,
  /** As a purpose of a lease. */
  WORKING_ON_TASKS: () => 'tasks of the queue',
  INGESTED_TEXTS_STAY: () => 'The texts of tasks are not a folder that can be removed.',
  DELETE_INGESTED_TEXTS: () => 'Delete the texts themselves under Index → Ingested texts.',
  TASKS_LOST: () => 'Tasks that waited have to be sent again.',
  NO_SUCH_TASK: () => 'There is no such task.',
  NO_SUCH_WORKER: () => 'There is no such worker.',
  MEDIA_NOT_KEPT: () => 'The uploaded file is no longer kept, but its text is.',
  MEDIA_ADD_AGAIN: () =>
    'Add the file again to play or show it here. Settings → Tasks says how long uploads are kept.',
  MEDIA_NOT_THERE: ({ path }: { path: string }) => `${path} is no longer in the shared folder.`,
  MEDIA_PUT_BACK: () => 'Move it back, check that the folder is mounted, or add it again where it is now.',
  NO_SHARED_FOLDER: () => 'There is no shared folder.',
  SET_SHARED_FOLDER: () => 'Choose one in Settings → Tasks.',
  NO_SUCH_UPLOAD: () => 'There is no such upload.',
  UPLOAD_AGAIN: () => 'Upload the file again.',
} as const;
