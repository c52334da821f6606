/** Moves every task that is not active from one engine to another. */
import type { MovableTaskQueue } from '../ports/task-queue.ts';

const AT_ONCE = 500;

/** Resolves with how many were moved. A crash in between leaves a task in both, never in none. */
export async function moveTasks(from: MovableTaskQueue, to: MovableTaskQueue): Promise<number> {
  let moved = 0;
  for (;;) {
    const tasks = await from.takeOut(AT_ONCE);
    if (tasks.length === 0) return moved;
    await to.putIn(tasks);
    await from.forget(tasks.map(({ task }) => task.id));
    moved += tasks.length;
  }
}
