/** Tasks and workers as lines of a table. Pure. */
import type { TaskState, TaskView, TaskWorker } from '../../shared/models/tasks.ts';
import { textOrEmpty } from '../../shared/text/index.ts';
import { formatAgo, formatDuration, formatPercent } from '../../shared/units.ts';
import { table } from './format.ts';
import { cutTo, type Style } from './terminal.ts';

export interface TaskLineOptions {
  style: Style;
  /** Columns that fit; null for as many as there are. */
  width: number | null;
  now: number;
}

export const queueNames: Record<TaskView['queue'], string> = { 'gpu-tasks': 'GPU', celery: 'CPU' };

export function taskStateText(task: Pick<TaskView, 'state' | 'storing'>, style: Style): string {
  const texts: Record<TaskState, string> = {
    waiting: style.ember('◌ waiting'),
    delayed: style.quiet('◌ later'),
    active: style.flame('● running'),
    completed: task.storing === 'pending' ? style.ember('◐ indexing') : style.good('✓ done'),
    failed: style.bad('! failed'),
    cancelled: style.quiet('× cancelled'),
  };
  return texts[task.state];
}

/** What there is to say: progress, why it failed, or what it waits for. */
export function taskNote(task: TaskView): string {
  if (task.state === 'failed') return task.failure?.message ?? '';
  if (task.state !== 'active') return task.state === 'completed' ? '' : textOrEmpty(task.why);
  return [task.progress > 0 ? formatPercent(task.progress) : '', task.progressText]
    .filter(Boolean)
    .join(', ');
}

/** A table, in the order given. */
export function taskLines(tasks: readonly TaskView[], { style, width, now }: TaskLineOptions): string[] {
  const head = ['id', 'state', 'queue', 'added', 'worker', 'task', ''];
  const rows = tasks.map((task) => [
    task.id,
    taskStateText(task, style),
    queueNames[task.queue],
    formatAgo(Math.max(0, now - task.addedAt)),
    shortened(task.workerName ?? '', 20),
    shortened(task.title, 40),
    style.quiet(taskNote(task)),
  ]);
  const lines = table([head.map((text) => style.quiet(text)), ...rows]);
  return width === null ? lines : lines.map((line) => cutTo(line, width));
}

export function workerLines(
  workers: readonly TaskWorker[],
  { style, width, now }: TaskLineOptions,
): string[] {
  const head = ['worker', 'state', 'type', 'queues', 'tasks', 'done', 'failed', 'seen', ''];
  const states: Record<TaskWorker['state'], string> = {
    online: style.flame('● online'),
    draining: style.ember('◐ finishing'),
    asleep: style.quiet('○ asleep'),
    lost: style.bad('! lost'),
  };
  const rows = workers.map((worker) => [
    shortened(worker.name, 30),
    states[worker.state],
    worker.type === 'gpu' ? 'GPU' : 'CPU',
    worker.queues.map((queue) => queueNames[queue]).join(', '),
    `${worker.active}/${worker.slots}`,
    String(worker.done),
    String(worker.failed),
    formatAgo(Math.max(0, now - worker.seenAt)),
    style.bad(textOrEmpty(worker.trouble)),
  ]);
  const lines = table([head.map((text) => style.quiet(text)), ...rows], [5, 6]);
  return width === null ? lines : lines.map((line) => cutTo(line, width));
}

/** How long it ran, as text; empty if it never started. */
export function taskTook(task: Pick<TaskView, 'startedAt' | 'endedAt'>): string {
  return task.startedAt === null || task.endedAt === null
    ? ''
    : formatDuration(task.endedAt - task.startedAt);
}

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
