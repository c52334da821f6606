/** Which tasks are shown, and how that is kept in the address. Pure. */
import type { TaskState, TaskView } from '../../../shared/models/tasks.ts';
import { fieldsOf, hashWith } from '../../components/hash.ts';
import type { TaskSearch } from '../../stores/tasks.ts';

export const stateGroups = ['waiting', 'active', 'completed', 'failed', 'cancelled'] as const;
export type StateGroup = (typeof stateGroups)[number];

const groupOfState: Record<TaskState, StateGroup> = {
  waiting: 'waiting',
  delayed: 'waiting',
  active: 'active',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

export const groupOf = ({ state }: Pick<TaskView, 'state'>): StateGroup => groupOfState[state];
export const isEnded = (task: Pick<TaskView, 'state'>): boolean =>
  groupOf(task) !== 'waiting' && groupOf(task) !== 'active';

export interface TaskFilter {
  /** Empty for all. */
  groups: ReadonlySet<StateGroup>;
  /** null for all. */
  queue: TaskView['queue'] | null;
  contentType: TaskView['contentType'] | null;
  workerId: string | null;
  batchId: string | null;
  text: string;
}

export const noFilter: TaskFilter = {
  groups: new Set(),
  queue: null,
  contentType: null,
  workerId: null,
  batchId: null,
  text: '',
};

export const isFiltered = (filter: TaskFilter): boolean =>
  filter.groups.size > 0 ||
  filter.queue !== null ||
  filter.contentType !== null ||
  filter.workerId !== null ||
  filter.batchId !== null ||
  filter.text.trim() !== '';

/** The tasks that match every filter and contain each word of the text. */
export function filterTasks(tasks: readonly TaskView[], filter: TaskFilter): TaskView[] {
  const terms = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return tasks.filter((task) => {
    if (filter.groups.size > 0 && !filter.groups.has(groupOf(task))) return false;
    if (filter.queue !== null && task.queue !== filter.queue) return false;
    if (filter.contentType !== null && task.contentType !== filter.contentType) return false;
    if (filter.workerId !== null && task.workerId !== filter.workerId) return false;
    if (filter.batchId !== null && task.batchId !== filter.batchId) return false;
    if (terms.length === 0) return true;
    const text = searchedText(task);
    return terms.every((term) => text.includes(term));
  });
}

const searchedText = ({ id, title, workerName, failure, progressText, batchId }: TaskView): string =>
  [id, title, workerName, failure?.code, failure?.message, progressText, batchId]
    .filter((part) => part !== null && part !== undefined)
    .join(' ')
    .toLowerCase();

/** The same filter for the core, as far as it knows it; `filterTasks` does the rest. */
export function searchOf({ groups, queue, workerId, batchId, text }: TaskFilter): TaskSearch {
  const states = (Object.keys(groupOfState) as TaskState[]).filter((state) =>
    groups.has(groupOfState[state]),
  );
  return {
    ...(states.length > 0 ? { states } : {}),
    ...(queue === null ? {} : { queue }),
    ...(workerId === null ? {} : { workerId }),
    ...(batchId === null ? {} : { batchId }),
    ...(text.trim() === '' ? {} : { text: text.trim() }),
  };
}

/** What is active first, then what waits in the order of its queue, then what has ended, newest first. */
export function orderTasks(tasks: readonly TaskView[]): TaskView[] {
  const rank = (task: TaskView) => ranks[task.state];
  return tasks.toSorted((a, b) => {
    const groups = rank(a) - rank(b);
    if (groups !== 0) return groups;
    if (rank(a) === 1) return b.priority - a.priority || a.addedAt - b.addedAt || compare(a.id, b.id);
    if (rank(a) === 2) return (a.runAt ?? 0) - (b.runAt ?? 0) || compare(a.id, b.id);
    if (rank(a) === 0) return (b.startedAt ?? 0) - (a.startedAt ?? 0) || compare(a.id, b.id);
    return (b.endedAt ?? b.addedAt) - (a.endedAt ?? a.addedAt) || compare(a.id, b.id);
  });
}

const ranks: Record<TaskState, number> = {
  active: 0,
  waiting: 1,
  delayed: 2,
  completed: 3,
  failed: 3,
  cancelled: 3,
};

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export const taskTabs = ['tasks', 'workers', 'texts'] as const;
export type TaskTab = (typeof taskTabs)[number];

/** What is in the address of the page. */
export interface TasksAddress {
  tab: TaskTab;
  filter: TaskFilter;
  /** The task whose details are open; null for none. */
  taskId: string | null;
}

const contentTypes: readonly TaskView['contentType'][] = [
  'document',
  'web',
  'image',
  'audio',
  'video',
  'youtube',
  'mixed',
];

/** What the core accepts: an address may have been cut or made up. */
const mostText = 200;
const mostId = 100;
const mostOffset = 10_000_000;
const idIn = (text: string | null): string | null =>
  text !== null && text !== '' && text.length <= mostId ? text : null;

/** `#/tasks?view=workers` or `#/tasks?state=waiting,failed&queue=…&task=…`. Unknown values are ignored. */
export function readAddress(hash: string): TasksAddress {
  const query = fieldsOf('tasks', hash);
  const named = new Set(query.get('state')?.split(','));
  const queue = query.get('queue');
  return {
    tab: taskTabs.find((tab) => tab === query.get('view')) ?? 'tasks',
    filter: {
      groups: new Set(stateGroups.filter((group) => named.has(group))),
      queue: queue === 'gpu-tasks' || queue === 'celery' ? queue : null,
      contentType: contentTypes.find((type) => type === query.get('type')) ?? null,
      workerId: idIn(query.get('worker')),
      batchId: idIn(query.get('batch')),
      text: (query.get('text') ?? '').slice(0, mostText),
    },
    taskId: idIn(query.get('task')),
  };
}

export function addressHash({ tab, filter, taskId }: TasksAddress): string {
  const groups = stateGroups.filter((group) => filter.groups.has(group));
  return hashWith('#/tasks', {
    view: tab === 'tasks' ? null : tab,
    state: groups.join(',') || null,
    queue: filter.queue,
    type: filter.contentType,
    worker: filter.workerId,
    batch: filter.batchId,
    text: filter.text.trim() === '' ? null : filter.text,
    task: taskId,
  });
}

/** What of the stored texts is shown. */
export interface TextsAddress {
  text: string;
  /** How many newer ones come before. */
  offset: number;
}

export function readTexts(hash: string): TextsAddress {
  const query = fieldsOf('tasks', hash);
  const from = /^\d{1,9}$/.test(query.get('from') ?? '') ? Number(query.get('from')) : 0;
  return { text: (query.get('stored') ?? '').slice(0, mostText), offset: from <= mostOffset ? from : 0 };
}

export const textsHash = ({ text, offset }: TextsAddress): string =>
  hashWith('#/tasks', { stored: text || null, from: offset === 0 ? null : String(offset) });
