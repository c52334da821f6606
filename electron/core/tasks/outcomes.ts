/** What happens when tasks end or lose their worker: webhooks, stored texts, activity, the way to the CPU. */
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { fact } from '../../../shared/models/message.ts';
import { endedTaskStates, type TaskRecord } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { TaskChange } from '../ports/task-queue.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Ingest } from './ingest.ts';
import type { TaskTotals } from './model.ts';
import { CPU_QUEUE, GPU_QUEUE } from './routing.ts';
import type { TaskEngine } from './task-engine.ts';
import type { TaskWebhooks } from './task-webhooks.ts';

export interface Outcomes {
  changed(changes: readonly TaskChange[]): void;
  /** The lease of a task has ended without a report. */
  lost(id: string): void;
  /** An engine was opened: tasks may have ended while nothing watched it. */
  catchUp(): Promise<void>;
  onEnded(listener: (task: TaskRecord) => void): () => void;
  totals(): Pick<TaskTotals, 'ended' | 'lost'>;
  /** Resolves when what was reported has been dealt with. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

type EndState = TaskTotals['ended'][number]['state'];

/** Failures that come together share a notification. */
const GATHER_MS = 5000;
/** Ends that are remembered, so that a repeated report changes nothing. */
const REMEMBERED = 10_000;
/** How many ended tasks are looked through after an engine was opened. */
const CAUGHT_UP = 1000;
/** A task whose GPU worker died so often goes to the CPU queue. */
const GPU_LOSSES = 2;

export function createOutcomes({
  clock,
  log,
  engine,
  webhooks,
  ingest,
  activity,
}: {
  clock: Pick<Clock, 'now' | 'timer'>;
  log: Log;
  engine: Pick<TaskEngine, 'queue'>;
  webhooks: Pick<TaskWebhooks, 'ended' | 'forget'>;
  ingest: Pick<Ingest, 'adopt' | 'taskRemoved'>;
  activity: { record(entry: NewActivityEntry): void };
}): Outcomes {
  const turns = createTurns();
  const work = new Set<Promise<void>>();
  const handled = new Set<string>();
  const listeners = new Set<(task: TaskRecord) => void>();
  const ended = new Map<string, TaskTotals['ended'][number]>();
  let lostCount = 0;
  let failures: TaskRecord[] = [];
  let timer: Timer | null = null;
  let stopped = false;

  function run(id: string, what: string, act: () => Promise<void>): void {
    const one = turns
      .take(id, act)
      .catch((error: unknown) =>
        log.warn(`A task ${what} could not be dealt with.`, { id, error: String(error) }),
      )
      .finally(() => work.delete(one));
    work.add(one);
  }

  async function ending(id: string): Promise<void> {
    const found = await (await engine.queue()).get(id);
    if (found) await end(found.task);
  }

  async function end(task: TaskRecord): Promise<void> {
    if (!endedTaskStates.has(task.state) || stopped) return;
    const key = `${task.id} ${task.endedAt}`;
    if (handled.has(key)) return;
    if (isDeadGpuWorker(task)) return takeUp(task.id);
    handled.add(key);
    for (const oldest of handled) {
      if (handled.size <= REMEMBERED) break;
      handled.delete(oldest);
    }
    count(task.queue, task.state as EndState);
    webhooks.ended(task);
    if (task.state === 'failed') reportFailure(task);
    for (const listener of [...listeners]) listener(task);
    await ingest.adopt(task);
  }

  function count(queue: TaskRecord['queue'], state: EndState): void {
    const key = `${queue} ${state}`;
    ended.set(key, { queue, state, count: (ended.get(key)?.count ?? 0) + 1 });
  }

  function reportFailure(task: TaskRecord): void {
    failures.push(task);
    timer ??= clock.timer(GATHER_MS, flush);
  }

  function flush(): void {
    timer?.cancel();
    timer = null;
    const last = failures.at(-1);
    const count = failures.length;
    failures = [];
    if (last === undefined) return;
    const facts = { title: last.spec.title, reason: last.failure?.message ?? '' };
    activity.record({
      kind: 'tasks',
      severity: 'error',
      message: count === 1 ? fact('TASK_FAILED', facts) : fact('TASKS_FAILED', { count, ...facts }),
      why: fact('TASK_FAILED_HINT', { attempts: last.attempts }),
      notify: true,
    });
  }

  /** A GPU task is tried on a GPU again, and then on the CPU. */
  async function takeUp(id: string): Promise<void> {
    const queue = await engine.queue();
    const found = await queue.get(id);
    if (found === null || found.task.queue !== GPU_QUEUE) return;
    const losses = found.steps.filter(({ kind }) => kind === 'lost').length;
    const hasFailed = isDeadGpuWorker(found.task);
    if (losses < GPU_LOSSES && !hasFailed) return;
    await queue.note(id, {
      ...{ at: clock.now(), kind: 'note', workerId: null, message: fact('TASK_GPU_WORKER_DIED') },
    });
    if (hasFailed) await queue.retry([id]);
    await queue.move([id], CPU_QUEUE);
  }

  return {
    changed(changes) {
      for (const { id, state } of changes) {
        if (state === null) {
          ingest.taskRemoved(id);
          webhooks.forget([id]);
        } else if (endedTaskStates.has(state)) run(id, 'that has ended', () => ending(id));
      }
    },
    lost(id) {
      lostCount += 1;
      run(id, 'that lost its worker', () => takeUp(id));
    },
    async catchUp() {
      const queue = await engine.queue();
      const { tasks } = await queue.list({ states: [...endedTaskStates], limit: CAUGHT_UP });
      for (const task of tasks) {
        if (isDeadGpuWorker(task)) await takeUp(task.id);
        else webhooks.ended(task);
      }
      for (const task of tasks) if (task.spec.store) await ingest.adopt(task);
    },
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    totals: () => ({ ended: [...ended.values()], lost: lostCount }),
    async settled() {
      while (work.size > 0) await Promise.all(work);
    },
    async stop() {
      stopped = true;
      flush();
      await Promise.all(work);
    },
  };
}

/** Its last attempt was on a GPU, and ended with the worker: that is no failure of the task. */
const isDeadGpuWorker = ({ state, queue, failure }: TaskRecord): boolean =>
  state === 'failed' && queue === GPU_QUEUE && failure?.code === 'WORKER_LEFT';
