/** What has a colour of its own, the same on every page. Models and machines have theirs in `model-colours`. */
import type { QueueKind } from '../../shared/models/requests.ts';
import type { TaskQueueName } from '../../shared/models/tasks.ts';

/** Readings of a GPU. */
export const readingColours = {
  utilisation: 'var(--flame)',
  temperature: 'var(--series-6)',
  power: 'var(--series-1)',
} as const;

/** What waits. */
export const queueKinds: Readonly<Record<QueueKind, { name: string; colour: string }>> = {
  indexing: { name: 'batches to embed', colour: 'var(--series-0)' },
  requests: { name: 'requests', colour: 'var(--series-1)' },
  tasks: { name: 'tasks', colour: 'var(--series-2)' },
};

/** Tasks by their queue: in the colour of tasks, and a second one. */
export const taskQueues: Readonly<Record<TaskQueueName, { name: string; colour: string }>> = {
  'gpu-tasks': { name: 'GPU queue', colour: 'var(--series-2)' },
  celery: { name: 'CPU queue', colour: 'var(--series-5)' },
};
