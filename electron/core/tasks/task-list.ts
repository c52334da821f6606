/** The tasks and queues that are shown: read from the queue after it has reported changes, not more than a few times a second. */
import {
  endedTaskStates,
  type TaskQueueName,
  type TaskQueueView,
  type TaskRecord,
  type TaskState,
  type TaskView,
} from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { QueueCounts, TaskChange, TaskQueue } from '../ports/task-queue.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { TaskEngine } from './task-engine.ts';

export interface TaskList {
  /** These have changed, or what their views show of others has. */
  touch(ids: readonly string[]): void;
  /** Everything may have changed. */
  touchAll(): void;
  /** The newest counts; empty before the first. */
  counts(): readonly QueueCounts[];
  /** Reads the counts now. */
  readCounts(): Promise<readonly QueueCounts[]>;
  /** Resolves when all that is known to have changed is shown. */
  settled(): Promise<void>;
  stop(): void;
}

const MOST_LIVE = 1000;
const MOST_ENDED = 500;
/** More changes than this are read as whole lists. */
const SINGLY = 50;
/** Between two readings, milliseconds. */
const PACE_MS = { watched: 250, unwatched: 2000 };

const liveStates = ['waiting', 'delayed', 'active'] as const satisfies TaskState[];

export function createTaskList({
  clock,
  log,
  engine,
  streams,
  view,
  workersOf,
  onCounts,
}: {
  clock: Pick<Clock, 'now' | 'timer'>;
  log: Log;
  engine: Pick<TaskEngine, 'current' | 'queue' | 'onChange' | 'onOpened'>;
  streams: Pick<Streams, 'tasks' | 'taskQueues'>;
  view(task: TaskRecord): TaskView;
  /** How many workers take tasks of a queue now. */
  workersOf(queue: TaskQueueName): number;
  onCounts(counts: readonly QueueCounts[]): void;
}): TaskList {
  const live = new Set<string>();
  /** In the order in which they were shown as ended. */
  const ended = new Set<string>();
  let changed = new Set<string>();
  let everything = false;
  let truncated = false;
  let counts: readonly QueueCounts[] = [];
  let timer: Timer | null = null;
  let reading: Promise<void> | null = null;
  let stopped = false;

  function schedule(): void {
    if (stopped || reading !== null || timer !== null) return;
    const watched = streams.tasks.active || streams.taskQueues.active;
    timer = clock.timer(watched ? PACE_MS.watched : PACE_MS.unwatched, () => {
      timer = null;
      void read();
    });
  }

  function read(): Promise<void> {
    reading ??= readOnce()
      .catch((error: unknown) => {
        // It is read again when the engine is open again.
        log.debug('The tasks could not be read.', { error: String(error) });
        everything = true;
      })
      .finally(() => {
        reading = null;
        if (changed.size > 0 || everything) schedule();
      });
    return reading;
  }

  async function readOnce(): Promise<void> {
    const queue = engine.current();
    if (queue === null) return;
    const ids = changed;
    const whole = everything || ids.size > SINGLY || (truncated && live.size < MOST_LIVE);
    changed = new Set();
    everything = false;
    if (whole) await readWhole(queue);
    else for (const id of ids) show(id, (await queue.get(id))?.task ?? null);
    trim();
    publishCounts(await queue.stats());
  }

  async function readWhole(queue: TaskQueue): Promise<void> {
    const [alive, done] = await Promise.all([
      queue.list({ states: liveStates, limit: MOST_LIVE }),
      queue.list({ states: [...endedTaskStates], limit: MOST_ENDED }),
    ]);
    const found = new Set([...alive.tasks, ...done.tasks].map(({ id }) => id));
    for (const id of [...live, ...ended]) if (!found.has(id)) show(id, null);
    for (const task of [...done.tasks.toReversed(), ...alive.tasks.toReversed()]) show(task.id, task);
    truncated = alive.total > alive.tasks.length;
  }

  function show(id: string, task: TaskRecord | null): void {
    if (task === null) {
      if (live.delete(id) || ended.delete(id)) streams.tasks.delete(id);
      return;
    }
    if (endedTaskStates.has(task.state)) {
      live.delete(id);
      ended.add(id);
    } else {
      ended.delete(id);
      if (!live.has(id) && live.size >= MOST_LIVE) {
        truncated = true;
        return;
      }
      live.add(id);
    }
    streams.tasks.set(id, view(task));
  }

  function trim(): void {
    for (const id of ended) {
      if (ended.size <= MOST_ENDED) return;
      ended.delete(id);
      streams.tasks.delete(id);
    }
  }

  function publishCounts(next: readonly QueueCounts[]): void {
    counts = next;
    for (const entry of next) streams.taskQueues.set(entry.queue, queueView(entry, workersOf, clock.now()));
    onCounts(next);
  }

  function touch(ids: Iterable<string>): void {
    for (const id of ids) changed.add(id);
    schedule();
  }

  function touchAll(): void {
    everything = true;
    schedule();
  }

  const stops = [
    engine.onChange((changes: readonly TaskChange[]) => touch(changes.map(({ id }) => id))),
    engine.onOpened(touchAll),
    // Who begins to watch sees the newest state soon.
    streams.tasks.onActive((active) => {
      if (!active || timer === null) return;
      timer.cancel();
      timer = null;
      void read();
    }),
  ];

  return {
    touch,
    touchAll,
    counts: () => counts,
    async readCounts() {
      publishCounts(await (await engine.queue()).stats());
      return counts;
    },
    async settled() {
      await reading;
      timer?.cancel();
      timer = null;
      await read();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      for (const stop of stops) stop();
    },
  };
}

export const queueView = (
  { queue, counts, oldestAt }: QueueCounts,
  workersOf: (queue: TaskQueueName) => number,
  now: number,
): TaskQueueView => ({
  queue,
  counts,
  workers: workersOf(queue),
  oldestMs: oldestAt === null ? null : Math.max(0, now - oldestAt),
});
