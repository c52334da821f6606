/** The texts of tasks and workers. Pure. */
import type { TaskState, TaskView, TaskWorker } from '../../../shared/models/tasks.ts';
import { formatDuration, formatPercent } from '../../../shared/units.ts';
import type { StateGroup } from './filter.ts';

export const stateLabels: Record<TaskState, string> = {
  waiting: 'Waiting',
  delayed: 'Later',
  active: 'Running',
  completed: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const groupLabels: Record<StateGroup, string> = {
  waiting: 'Waiting',
  active: 'Running',
  completed: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const queueLabels: Record<TaskView['queue'], string> = { 'gpu-tasks': 'GPU', celery: 'CPU' };

export const typeLabels: Record<TaskView['contentType'], string> = {
  document: 'Document',
  web: 'Web page',
  image: 'Picture',
  audio: 'Sound',
  video: 'Video',
  youtube: 'YouTube',
  mixed: 'Mixed',
};

export const workerStateLabels: Record<TaskWorker['state'], string> = {
  online: 'Online',
  draining: 'Finishing',
  asleep: 'Asleep',
  lost: 'Lost',
};

/** What the state is called here: a text that is done but cannot be found yet is still being indexed. */
export const stateLabel = (task: Pick<TaskView, 'state' | 'storing'>): string =>
  task.state === 'completed' && task.storing === 'pending' ? 'Indexing' : stateLabels[task.state];

/** `42 % · page 3 of 7`; empty where there is nothing to say. */
export function progressLine(task: Pick<TaskView, 'state' | 'progress' | 'progressText'>): string {
  if (task.state !== 'active') return '';
  const share = task.progress > 0 ? formatPercent(task.progress) : '';
  return [share, task.progressText].filter(Boolean).join(' · ');
}

/** How long it has run, or ran; null if it never started. */
export function ranMs(task: Pick<TaskView, 'startedAt' | 'endedAt' | 'state'>, now: number): number | null {
  if (task.startedAt === null) return null;
  if (task.state === 'active') return Math.max(0, now - task.startedAt);
  return task.endedAt === null ? null : Math.max(0, task.endedAt - task.startedAt);
}

export const durationText = (ms: number | null): string => (ms === null ? '–' : formatDuration(ms));

/** The row in a sentence, for screen readers. */
export function rowLabel(task: TaskView): string {
  return [
    task.title,
    stateLabel(task),
    `${queueLabels[task.queue]} queue`,
    task.workerName === null ? null : `on ${task.workerName}`,
    task.failure?.message ?? progressLine(task),
  ]
    .filter(Boolean)
    .join(', ');
}
