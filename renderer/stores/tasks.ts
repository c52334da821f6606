/** Queued tasks, their workers and queues: what is there now, and older tasks that were searched for. */
import { create } from 'zustand';
import type { IngestedText, TaskDepth, TaskDetails, TaskView } from '../../shared/models/tasks.ts';
import type { HistorySpan } from '../../shared/models/telemetry.ts';
import { periodText } from '../charts/period.ts';
import type { Client } from '../client/index.ts';
import { createStreamStore } from './keyed.ts';

export const tasksStore = createStreamStore('tasks');
export const useTasks = tasksStore.use;
export const taskWorkersStore = createStreamStore('taskWorkers');
export const useTaskWorkers = taskWorkersStore.use;
export const taskQueuesStore = createStreamStore('taskQueues');
export const useTaskQueues = taskQueuesStore.use;

/** What `tasks.list` is asked for. */
export interface TaskSearch {
  text?: string;
  states?: TaskView['state'][];
  queue?: TaskView['queue'];
  workerId?: string;
  batchId?: string;
}

/** Older tasks than the stream has, newest first. */
export interface OlderTasks {
  /** What was searched for, as text. */
  key: string;
  state: 'none' | 'loading' | 'ready' | 'failed';
  tasks: readonly TaskView[];
  /** How many fit in all, those of the stream included. */
  total: number;
}

const noOlder: OlderTasks = { key: '', state: 'none', tasks: [], total: 0 };
export const useOlderTasks = create<OlderTasks>()(() => noOlder);

const pageSize = 500;

/** Adds a page of those that fit; another search starts from the newest. */
export async function loadOlderTasks(client: Client, search: TaskSearch): Promise<void> {
  const key = JSON.stringify(search);
  const before = useOlderTasks.getState();
  const known = before.key === key ? before.tasks : [];
  useOlderTasks.setState({
    key,
    state: 'loading',
    tasks: known,
    total: before.key === key ? before.total : 0,
  });
  try {
    const page = await client.call('tasks.list', { ...search, offset: known.length, limit: pageSize });
    if (useOlderTasks.getState().key !== key) return;
    useOlderTasks.setState({ state: 'ready', tasks: [...known, ...page.tasks], total: page.total });
  } catch {
    if (useOlderTasks.getState().key === key) useOlderTasks.setState({ state: 'failed' });
  }
}

export const forgetOlderTasks = (): void => useOlderTasks.setState(noOlder, true);

export interface DepthHistory {
  /** `loading` before the first answer; what was known stays while it is asked again. */
  state: 'loading' | 'ready' | 'failed';
  points: readonly TaskDepth[];
}

const noDepth: DepthHistory = { state: 'loading', points: [] };
const useDepths = create<Record<string, DepthHistory>>()(() => ({}));
export const useTaskDepth = (period: HistorySpan): DepthHistory =>
  useDepths((state) => state[periodText(period)] ?? noDepth);

export async function loadTaskDepth(client: Client, period: HistorySpan, signal: AbortSignal): Promise<void> {
  const key = periodText(period);
  try {
    const points = await client.call('tasks.depth', { range: period }, { signal });
    useDepths.setState({ [key]: { state: 'ready', points } });
  } catch {
    if (signal.aborted) return;
    useDepths.setState((state) => ({ [key]: { ...(state[key] ?? noDepth), state: 'failed' } }));
  }
}

/** One task with everything that is known of it; null if it was deleted. */
export async function fetchTask(client: Client, id: string, signal: AbortSignal): Promise<TaskDetails> {
  return client.call('tasks.get', { id }, { signal });
}

export interface IngestedPage {
  texts: readonly IngestedText[];
  total: number;
}

/** Stored texts that are fetched at once. */
export const ingestedPageSize = 100;

export async function fetchIngested(
  client: Client,
  search: { text: string; offset: number },
  signal: AbortSignal,
): Promise<IngestedPage> {
  const { text, offset } = search;
  return client.call(
    'tasks.ingested',
    { offset, limit: ingestedPageSize, ...(text.trim() === '' ? {} : { text: text.trim() }) },
    { signal },
  );
}
