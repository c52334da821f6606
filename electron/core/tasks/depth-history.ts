/** Depth of the queues over time. */
import type { TaskDepth } from '../../../shared/models/tasks.ts';
import type { HistorySpan } from '../../../shared/models/telemetry.ts';
import type { Log } from '../ports/log.ts';
import type { QueueCounts } from '../ports/task-queue.ts';
import type { DepthRow, TaskStore } from '../ports/task-state.ts';
import type { Clock } from '../ports/time.ts';
import { createMinuteSums } from '../telemetry/minute-sums.ts';
import { spreadOf } from '../telemetry/spread.ts';

export interface DepthHistory {
  /** So many wait and are active from now on. */
  note(counts: readonly QueueCounts[]): void;
  /** Oldest first, in at most `atMost` points for each queue. */
  read(range: HistorySpan, atMost: number): TaskDepth[];
  /** Writes the minute under way as well. Never throws. */
  stop(): void;
}

export function createDepthHistory({
  clock,
  log,
  store,
}: {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  log: Log;
  store: TaskStore['depth'];
}): DepthHistory {
  let present: readonly QueueCounts[] = [];
  let isStopped = false;
  const sums = createMinuteSums<DepthRow>({
    ...{ clock, log, store, name: 'task-depth' },
    present: (seconds) =>
      present.map(({ queue, counts }) => ({
        ...{ queue, seconds },
        waiting: counts.waiting * seconds,
        active: counts.active * seconds,
      })),
    keyOf: ({ queue }) => queue,
    join: (one, other) => ({
      queue: one.queue,
      seconds: one.seconds + other.seconds,
      waiting: one.waiting + other.waiting,
      active: one.active + other.active,
    }),
  });

  return {
    note(counts) {
      // An engine that is being stopped still counts, and then nothing is saved any more.
      if (isStopped) return;
      sums.advance();
      present = counts;
      sums.start();
    },
    read: (range, atMost) =>
      sums.read(range, atMost).flatMap(({ at, seconds, rows, parts }) =>
        rows
          .filter((row) => row.seconds > 0)
          .map((row) => {
            const spread = spreadOf(
              parts
                .flat()
                .map((part) => (part.queue === row.queue && part.seconds > 0 ? depthOf(part) : null)),
            );
            return {
              ...{ at, seconds },
              queue: row.queue,
              waiting: row.waiting / row.seconds,
              active: row.active / row.seconds,
              ...(spread === null ? {} : { spread }),
            };
          }),
      ),
    stop() {
      isStopped = true;
      sums.stop();
    },
  };
}

/** How many waited or were active, on average. */
const depthOf = ({ waiting, active, seconds }: DepthRow) => (waiting + active) / seconds;
