/** Deletes old tasks and their files, so that nothing grows without a limit. */
import type { Settings } from '../../../shared/models/settings.ts';
import { endedTaskStates } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { TaskFile, TaskFiles } from '../ports/task-files.ts';
import type { TaskQueue } from '../ports/task-queue.ts';
import type { Clock, Random } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { TaskEngine } from './task-engine.ts';

export interface Retention {
  start(): void;
  /** Deletes ended tasks with their files. Resolves with how many. */
  remove(queue: TaskQueue, ids: readonly string[]): Promise<number>;
  /** Deletes every ended task that ended before, with its files. Resolves with how many. */
  removeEnded(before: number): Promise<number>;
  /** Deletes the files of ended tasks of a kind. Resolves with the bytes. */
  clearFiles(kind: TaskFile['kind']): Promise<number>;
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const AT_ONCE = 500;
const MIB = 1_048_576;
/** An upload that no task has used is kept for this long, milliseconds. */
const UNUSED_MS = DAY_MS;

export function createRetention({
  clock,
  random,
  log,
  engine,
  files,
  settings,
}: {
  clock: Clock;
  random: Random;
  log: Log;
  engine: Pick<TaskEngine, 'queue'>;
  files: TaskFiles;
  settings: { current(): Settings };
}): Retention {
  let loop: Loop | null = null;

  async function removeFilesOf(taskIds: ReadonlySet<string>): Promise<void> {
    if (taskIds.size === 0) return;
    const gone = (await files.list()).filter(({ taskId }) => taskId !== null && taskIds.has(taskId));
    await files.remove(gone.map(({ id }) => id));
  }

  async function removeEnded(before: number): Promise<number> {
    const queue = await engine.queue();
    const removed = new Set<string>();
    for (;;) {
      const ids = await queue.prune(before, AT_ONCE);
      for (const id of ids) removed.add(id);
      if (ids.length < AT_ONCE) break;
    }
    await removeFilesOf(removed);
    return removed.size;
  }

  /** Whether the file may go: its task has ended or is not there, or no task uses it. */
  async function isFree(queue: TaskQueue, file: TaskFile): Promise<boolean> {
    if (file.taskId === null) return clock.now() - file.createdAt > UNUSED_MS;
    const found = await queue.get(file.taskId);
    // A result arrives before its task ends, and an upload before its task is there.
    if (found === null) return clock.now() - file.createdAt > HOUR_MS;
    return endedTaskStates.has(found.task.state);
  }

  async function sweep(): Promise<void> {
    const { keepDays, filesLimitMb } = settings.current().tasks;
    const removed = await removeEnded(clock.now() - keepDays * DAY_MS);
    if (removed > 0) log.info('Old tasks were deleted.', { removed });
    const queue = await engine.queue();
    const all = await files.list();
    let bytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const file of all) {
      const isOver = bytes > filesLimitMb * MIB;
      const isOrphan = file.taskId === null || (await queue.get(file.taskId)) === null;
      if (!isOver && !isOrphan) continue;
      if (!(await isFree(queue, file))) continue;
      await files.remove([file.id]);
      bytes -= file.sizeBytes;
    }
  }

  return {
    removeEnded,
    async remove(queue, ids) {
      const before = new Set(ids);
      const count = await queue.remove(ids);
      const left = new Set<string>();
      for (const id of before) if ((await queue.get(id)) !== null) left.add(id);
      await removeFilesOf(new Set([...before].filter((id) => !left.has(id))));
      return count;
    },
    async clearFiles(kind) {
      const queue = await engine.queue();
      let bytes = 0;
      for (const file of await files.list()) {
        if (file.kind !== kind || !(await isFree(queue, file))) continue;
        await files.remove([file.id]);
        bytes += file.sizeBytes;
      }
      return bytes;
    },
    start() {
      loop ??= startLoop({
        clock,
        random,
        intervalMs: () => HOUR_MS,
        firstDelayMs: 60_000,
        run: sweep,
        onError: (error) => log.warn('Old tasks could not be deleted.', { error: String(error) }),
      });
    },
    async pause() {
      const before = loop;
      loop = null;
      await before?.stop();
    },
    resume() {
      this.start();
    },
    async stop() {
      await loop?.stop();
    },
  };
}
