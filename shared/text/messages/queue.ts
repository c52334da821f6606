/** Steps in the life of a task, as its queue records them. */

const queueNames: Readonly<Record<string, string>> = {
  'gpu-tasks': 'the GPU queue',
  celery: 'the CPU queue',
};
const named = (queue: string) => queueNames[queue] ?? queue;

export const queueMessages = {
  QUEUE_TASK_ADDED: ({ queue }: { queue: string }) => `Added to ${named(queue)}.`,
  QUEUE_TASK_ADDED_LATER: ({ queue }: { queue: string }) => `Added to ${named(queue)}, to start later.`,
  QUEUE_TASK_CLAIMED: ({
    worker,
    attempt,
    attempts,
  }: {
    worker: string;
    attempt: number;
    attempts: number;
  }) => `Taken by ${worker} (attempt ${attempt} of ${attempts}).`,
  QUEUE_TASK_RELEASED: ({ worker }: { worker: string }) =>
    `Given back by ${worker}, without an attempt having been used.`,
  QUEUE_TASK_LOST: ({ worker }: { worker: string }) => `${worker} stopped reporting.`,
  QUEUE_TASK_FAILED: ({ reason }: { reason: string }) => `The attempt failed: ${reason}`,
  QUEUE_TASK_RETRIED: () => 'Queued again with all its attempts.',
  QUEUE_TASK_MOVED: ({ queue }: { queue: string }) => `Moved to ${named(queue)}.`,
  QUEUE_TASK_COMPLETED: () => 'Completed.',
  QUEUE_TASK_CANCELLED: () => 'Cancelled.',
};
