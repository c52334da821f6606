/** What has been true over time, added up by minute and saved in buckets of wall time. */
import type { HistorySpan } from '../../../shared/models/telemetry.ts';
import type { BucketLength } from '../ports/history.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { planRange } from './range-plan.ts';
import { bucketStart, cutByMinute, KEPT_MS, MINUTE, QUARTER } from './rollup.ts';

/** One bucket; its start is in ms since 1970, its length in seconds. */
export interface SumsBucket<Row> {
  seconds: BucketLength;
  start: number;
  rows: readonly Row[];
}

export interface MinuteSums<Row> {
  /** From now on each minute is recorded. */
  start(): void;
  isStarted(): boolean;
  /** Adds what has been true since the last call. To be called before that changes. */
  advance(): void;
  /** Adds to the minute under way. */
  add(row: Row): void;
  /** Oldest first, in at most `atMost` buckets. `parts`: the stored buckets behind one, empty where it is one of them. */
  read(
    span: HistorySpan,
    atMost: number,
  ): { at: number; seconds: number; rows: Row[]; parts: readonly (readonly Row[])[] }[];
  /** Writes the minute under way as well. Never throws. */
  stop(): void;
}

/** How many minutes wait for a disk that is full; the oldest are given up. */
const MOST_WAITING = 120;
/** A computer that slept did not count meanwhile. */
const LONGEST_STEP_S = 90;

export function createMinuteSums<Row>({
  clock,
  log,
  name,
  store,
  present,
  keyOf,
  join,
}: {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  log: Log;
  /** For the log. */
  name: string;
  store: {
    read(seconds: BucketLength, from: number, end: number): readonly SumsBucket<Row>[];
    write(change: { buckets: SumsBucket<Row>[]; prune: { seconds: BucketLength; before: number }[] }): void;
  };
  /** What is true now, as rows that have lasted so many seconds. */
  present(seconds: number): readonly Row[];
  keyOf(row: Row): string;
  join(one: Row, other: Row): Row;
}): MinuteSums<Row> {
  type Sums = Map<string, Row>;
  /** By minute, not saved yet. Each is added to the store exactly once. */
  const unsaved = new Map<number, Sums>();
  let since: number | null = null;
  let timer: Timer | null = null;
  let failing = false;

  function addTo(sums: Sums, row: Row): void {
    const known = sums.get(keyOf(row));
    sums.set(keyOf(row), known === undefined ? row : join(known, row));
  }

  function sumsAt(all: Map<number, Sums>, at: number): Sums {
    const sums: Sums = all.get(at) ?? new Map();
    all.set(at, sums);
    return sums;
  }

  function advance(): void {
    if (since === null) return;
    const now = clock.monotonic();
    const seconds = Math.min(LONGEST_STEP_S, (now - since) / 1000);
    since = now;
    for (const part of cutByMinute(clock.now(), seconds))
      for (const row of present(part.seconds)) addTo(sumsAt(unsaved, part.start), row);
  }

  function schedule(): void {
    const end = bucketStart(clock.now(), MINUTE) + MINUTE * 1000;
    timer ??= clock.timer(Math.max(1, end - clock.now()), closeMinute);
  }

  function closeMinute(): void {
    timer = null;
    advance();
    const now = bucketStart(clock.now(), MINUTE);
    write([...unsaved.keys()].filter((minute) => minute !== now));
    if (since !== null) schedule();
  }

  function write(minutes: readonly number[]): void {
    if (minutes.length === 0) return;
    const now = clock.now();
    const lengths = [MINUTE, QUARTER] as const;
    const prune = lengths.map((seconds) => ({ seconds, before: now - KEPT_MS[seconds] }));
    try {
      store.write({ buckets: lengths.flatMap((seconds) => joinedWithStore(minutes, seconds)), prune });
      for (const minute of minutes) unsaved.delete(minute);
      failing = false;
    } catch (error) {
      if (!failing) log.error('A history could not be saved.', { history: name, error: String(error) });
      failing = true;
      for (const minute of [...unsaved.keys()].slice(0, Math.max(0, unsaved.size - MOST_WAITING)))
        unsaved.delete(minute);
    }
  }

  function joinedWithStore(minutes: readonly number[], seconds: BucketLength): SumsBucket<Row>[] {
    const starts = new Set(minutes.map((minute) => bucketStart(minute, seconds)));
    return [...starts].map((start) => {
      const sums: Sums = new Map();
      for (const { rows } of store.read(seconds, start, start)) for (const row of rows) addTo(sums, row);
      for (const minute of minutes)
        if (bucketStart(minute, seconds) === start)
          for (const row of unsaved.get(minute)?.values() ?? []) addTo(sums, row);
      return { seconds, start, rows: [...sums.values()] };
    });
  }

  return {
    start() {
      since ??= clock.monotonic();
      schedule();
    },
    isStarted: () => since !== null,
    advance,
    add: (row) => addTo(sumsAt(unsaved, bucketStart(clock.now(), MINUTE)), row),
    read(span, atMost) {
      advance();
      const { source, seconds, from, last } = planRange(span, clock.now(), atMost);
      const end = last + (seconds - source) * 1000;
      const joined = new Map<number, Sums>();
      const stored = new Map<number, Sums>();
      const put = (start: number, rows: Iterable<Row>) => {
        const sums = sumsAt(joined, bucketStart(start, seconds));
        for (const row of rows) {
          addTo(sums, row);
          if (seconds > source) addTo(sumsAt(stored, start), row);
        }
      };
      for (const { start, rows } of store.read(source, from, end)) put(start, rows);
      for (const [minute, sums] of unsaved) {
        const start = bucketStart(minute, source);
        if (start >= from && start <= end) put(start, sums.values());
      }
      const parts = Map.groupBy(
        [...stored].map(([start, sums]) => ({ start, rows: [...sums.values()] })),
        ({ start }) => bucketStart(start, seconds),
      );
      return [...joined]
        .sort(([one], [other]) => one - other)
        .map(([at, sums]) => ({
          at,
          seconds,
          rows: [...sums.values()],
          parts: (parts.get(at) ?? []).map((part) => part.rows),
        }));
    },
    stop() {
      timer?.cancel();
      timer = null;
      advance();
      since = null;
      write([...unsaved.keys()]);
    },
  };
}
