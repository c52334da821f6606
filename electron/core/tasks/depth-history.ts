/** Depth of the queues over time: added up by minute, saved in buckets of wall time. */
import type { TaskDepth, TaskQueueName } from '../../../shared/models/tasks.ts';
import type { HistorySpan } from '../../../shared/models/telemetry.ts';
import type { Log } from '../ports/log.ts';
import type { QueueCounts } from '../ports/task-queue.ts';
import type { DepthBucket, DepthRow, TaskStore } from '../ports/task-state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { planRange } from '../telemetry/range-plan.ts';
import { bucketStart, cutByMinute, KEPT_MS, MINUTE, QUARTER } from '../telemetry/rollup.ts';

export interface DepthHistory {
  /** So many wait and are active from now on. */
  note(counts: readonly QueueCounts[]): void;
  /** Oldest first, in at most `atMost` points for each queue. */
  read(range: HistorySpan, atMost: number): TaskDepth[];
  /** Writes the minute under way as well. Never throws. */
  stop(): void;
}

/** How many minutes wait for a disk that is full; the oldest are given up. */
const MOST_WAITING = 120;
/** A computer that slept did not count meanwhile. */
const LONGEST_STEP_S = 90;

type Sums = Map<TaskQueueName, DepthRow>;

function addTo(into: Sums, { queue, seconds, waiting, active }: DepthRow): void {
  const sum = into.get(queue) ?? { queue, seconds: 0, waiting: 0, active: 0 };
  into.set(queue, {
    queue,
    seconds: sum.seconds + seconds,
    waiting: sum.waiting + waiting,
    active: sum.active + active,
  });
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
  /** By minute, not saved yet. */
  const unsaved = new Map<number, Sums>();
  let present: { counts: readonly QueueCounts[]; since: number } | null = null;
  let timer: Timer | null = null;
  let failing = false;

  /** Adds what has been true since the last call. */
  function advance(): void {
    const now = clock.monotonic();
    if (present !== null) {
      const seconds = Math.min(LONGEST_STEP_S, (now - present.since) / 1000);
      for (const { start, seconds: part } of cutByMinute(clock.now(), seconds)) {
        const sums: Sums = unsaved.get(start) ?? new Map();
        unsaved.set(start, sums);
        for (const { queue, counts } of present.counts) {
          const waiting = counts.waiting * part;
          addTo(sums, { queue, seconds: part, waiting, active: counts.active * part });
        }
      }
      present = { ...present, since: now };
    }
  }

  function closeMinute(): void {
    timer = null;
    advance();
    const now = bucketStart(clock.now(), MINUTE);
    write([...unsaved.keys()].filter((minute) => minute !== now));
    if (present !== null) schedule();
  }

  function schedule(): void {
    const minute = bucketStart(clock.now(), MINUTE);
    timer ??= clock.timer(Math.max(1, minute + MINUTE * 1000 - clock.now()), closeMinute);
  }

  function write(minutes: readonly number[]): void {
    if (minutes.length === 0) return;
    const now = clock.now();
    const prune = [MINUTE, QUARTER].map((seconds) => ({ seconds, before: now - KEPT_MS[seconds] }));
    try {
      store.write({ buckets: joinedWithStore(minutes), prune });
      for (const minute of minutes) unsaved.delete(minute);
      failing = false;
    } catch (error) {
      if (!failing) log.error('The depth of the queues could not be saved.', { error: String(error) });
      failing = true;
      for (const minute of [...unsaved.keys()].slice(0, Math.max(0, unsaved.size - MOST_WAITING))) {
        unsaved.delete(minute);
      }
    }
  }

  function joinedWithStore(minutes: readonly number[]): DepthBucket[] {
    return [MINUTE, QUARTER].flatMap((seconds) => {
      const starts = new Set(minutes.map((minute) => bucketStart(minute, seconds)));
      return [...starts].map((start) => {
        const sums: Sums = new Map();
        for (const { rows } of store.read(seconds, start, start)) for (const row of rows) addTo(sums, row);
        for (const minute of minutes) {
          if (bucketStart(minute, seconds) !== start) continue;
          for (const row of unsaved.get(minute)?.values() ?? []) addTo(sums, row);
        }
        return { seconds, start, rows: [...sums.values()] };
      });
    });
  }

  return {
    note(counts) {
      advance();
      present = { counts, since: clock.monotonic() };
      schedule();
    },
    read(range, atMost) {
      advance();
      const { source, seconds, from, last } = planRange(range, clock.now(), atMost);
      const end = last + (seconds - source) * 1000;
      const points = new Map<number, Sums>();
      const add = (start: number, rows: Iterable<DepthRow>) => {
        const at = Math.floor(start / (seconds * 1000)) * seconds * 1000;
        const sums: Sums = points.get(at) ?? new Map();
        points.set(at, sums);
        for (const row of rows) addTo(sums, row);
      };
      for (const { start, rows } of store.read(source, from, end)) add(start, rows);
      for (const [minute, sums] of unsaved) {
        const start = bucketStart(minute, source);
        if (start >= from && start <= end) add(start, sums.values());
      }
      return [...points]
        .sort(([one], [other]) => one - other)
        .flatMap(([at, sums]) =>
          [...sums.values()]
            .filter((row) => row.seconds > 0)
            .map((row) => ({
              ...{ at, seconds },
              queue: row.queue,
              waiting: row.waiting / row.seconds,
              active: row.active / row.seconds,
            })),
        );
    },
    stop() {
      timer?.cancel();
      advance();
      write([...unsaved.keys()]);
      present = null;
    },
  };
}
