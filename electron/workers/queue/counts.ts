/** How many tasks are in which state, counted once and then kept up with every commit. */
import {
  type TaskQueueName,
  type TaskState,
  taskQueueNames,
  taskStateSchema,
} from '../../../shared/models/tasks.ts';
import type { Sql } from './rows.ts';
import type { Transition } from './turn.ts';

export interface Counts {
  of(queue: TaskQueueName): Record<TaskState, number>;
  apply(transitions: readonly Transition[]): void;
}

export function createCounts(sql: Sql): Counts {
  const counts = new Map<TaskQueueName, Record<TaskState, number>>(
    taskQueueNames.map((queue) => [
      queue,
      Object.fromEntries(taskStateSchema.options.map((state) => [state, 0])) as Record<TaskState, number>,
    ]),
  );
  function add(place: Transition['to'], by: number): void {
    const row = place === null ? undefined : counts.get(place.queue);
    if (place !== null && row !== undefined) row[place.state] += by;
  }
  const rows = sql.all<{ queue: TaskQueueName; state: TaskState; count: number }>(
    'SELECT queue, state, COUNT(*) AS count FROM tasks GROUP BY queue, state',
  );
  for (const { queue, state, count } of rows) add({ queue, state }, count);
  return {
    of: (queue) => ({ ...(counts.get(queue) as Record<TaskState, number>) }),
    apply(transitions) {
      for (const { from, to } of transitions) {
        add(from, -1);
        add(to, 1);
      }
    },
  };
}
