/**
 * Moves all tasks from one engine to another. It may be interrupted at any moment and started again: a task is put in
 * before it is deleted, and one whose id is there is left as it is.
 */
import { endedTaskStates, type TaskState } from '../../../shared/models/tasks.ts';
import type { MovableTaskQueue } from '../ports/task-queue.ts';

/** Small, because whole results are in it. */
const PAGE = 50;

export interface MoveProgress {
  moved: number;
  /** Active ones, which are waited for. */
  left: number;
}

/**
 * Resolves when the first engine is empty. Nothing may be added to it or claimed from it any more; what is active in it
 * is waited for until it has ended or its lease has.
 */
export async function moveTasks(
  from: MovableTaskQueue,
  to: MovableTaskQueue,
  signal: AbortSignal,
  onProgress: (progress: MoveProgress) => void = () => {},
): Promise<number> {
  let moved = 0;
  for (;;) {
    // Asked for before looking: what ends in between is not missed.
    const settled = nextSettled(from, signal);
    try {
      for (;;) {
        signal.throwIfAborted();
        const page = await from.takeOut(PAGE);
        if (page.length === 0) break;
        await to.putIn(page);
        await from.forget(page.map(({ task }) => task.id));
        moved += page.length;
      }
      const left = await activeIn(from);
      onProgress({ moved, left });
      if (left === 0 && (await from.takeOut(1)).length === 0) return moved;
      if (left > 0) await settled.happened;
    } finally {
      settled.stop();
    }
  }
}

async function activeIn(queue: MovableTaskQueue): Promise<number> {
  const stats = await queue.stats();
  return stats.reduce((sum, { counts }) => sum + counts.active, 0);
}

/** A task that is not active any more. */
function nextSettled(queue: MovableTaskQueue, signal: AbortSignal) {
  let stop = (): void => {};
  const happened = new Promise<void>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const isSettled = (state: TaskState | null) =>
      state === null || state === 'waiting' || state === 'delayed' || endedTaskStates.has(state);
    const off = queue.onChange((changes) => {
      if (changes.some(({ state }) => isSettled(state))) resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
    stop = () => {
      off();
      signal.removeEventListener('abort', abort);
    };
  });
  // It may reject while nobody waits for it.
  happened.catch(() => {});
  return { happened, stop };
}
