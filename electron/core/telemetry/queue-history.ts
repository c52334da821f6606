/** What waited over time: added up by minute, saved in buckets of wall time. */
import type { QueueKind } from '../../../shared/models/requests.ts';
import type { HistorySpan, QueueBucket } from '../../../shared/models/telemetry.ts';
import type { BucketLength, QueueTotals, QueueTotalsBucket } from '../ports/history.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { planRange } from './range-plan.ts';
import { bucketStart, cutByMinute, KEPT_MS, MINUTE, QUARTER } from './rollup.ts';

export interface QueueHistory {
  /** From now on each minute is recorded, even if nothing waits: one that is not was not watched. */
  start(): void;
  /** So many of this kind wait from now on. */
  set(kind: QueueKind, waiting: number): void;
  /** Oldest first, in at most `atMost` buckets. */
  buckets(span: HistorySpan, atMost: number): QueueBucket[];
  /** Writes the minute under way as well. Never throws. */
  stop(): void;
}

/** How many minutes wait for a disk that is full; the oldest are given up. */
const MOST_WAITING = 120;
/** A computer that slept did not count meanwhile. */
const LONGEST_STEP_S = 90;

type Sums = Map<string, QueueTotals>;

function addTo(sums: Sums, { kind, waiting, most }: QueueTotals): void {
  const known = sums.get(kind);
  sums.set(kind, {
    kind,
    waiting: {
      sum: (known?.waiting.sum ?? 0) + waiting.sum,
      seconds: (known?.waiting.seconds ?? 0) + waiting.seconds,
    },
    most: Math.max(known?.most ?? 0, most),
  });
}

export function createQueueHistory({
  clock,
  log,
  store,
  kinds,
}: {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  log: Log;
  store: Store['queueHistory'];
  kinds: readonly QueueKind[];
}): QueueHistory {
  /** By minute, not saved yet. Each is added to the store exactly once. */
  const unsaved = new Map<number, Sums>();
  const present = new Map<QueueKind, number>(kinds.map((kind) => [kind, 0]));
  let since: number | null = null;
  let timer: Timer | null = null;
  let failing = false;

  /** Adds what has been true since the last call. */
  function advance(): void {
    if (since === null) return;
    const now = clock.monotonic();
    const seconds = Math.min(LONGEST_STEP_S, (now - since) / 1000);
    since = now;
    for (const part of cutByMinute(clock.now(), seconds))
      for (const [kind, waiting] of present)
        addTo(sumsOf(part.start), {
          kind,
          waiting: { sum: waiting * part.seconds, seconds: part.seconds },
          most: waiting,
        });
  }

  function sumsOf(minute: number): Sums {
    const sums: Sums = unsaved.get(minute) ?? new Map();
    unsaved.set(minute, sums);
    return sums;
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
    const prune = [MINUTE, QUARTER].map((seconds) => ({ seconds, before: now - KEPT_MS[seconds] }));
    try {
      store.write({ buckets: joinedWithStore(minutes), prune });
      for (const minute of minutes) unsaved.delete(minute);
      failing = false;
    } catch (error) {
      if (!failing) log.error('The history of the queues could not be saved.', { error: String(error) });
      failing = true;
      for (const minute of [...unsaved.keys()].slice(0, Math.max(0, unsaved.size - MOST_WAITING)))
        unsaved.delete(minute);
    }
  }

  function joinedWithStore(minutes: readonly number[]): QueueTotalsBucket[] {
    return [MINUTE, QUARTER].flatMap((seconds) => {
      const starts = new Set(minutes.map((minute) => bucketStart(minute, seconds)));
      return [...starts].map((start) => {
        const sums: Sums = new Map();
        for (const { rows } of store.read(seconds, start, start)) for (const row of rows) addTo(sums, row);
        for (const minute of minutes)
          if (bucketStart(minute, seconds) === start)
            for (const row of unsaved.get(minute)?.values() ?? []) addTo(sums, row);
        return { seconds, start, rows: [...sums.values()] };
      });
    });
  }

  function notSaved(source: BucketLength, from: number, end: number): QueueTotalsBucket[] {
    return [...unsaved]
      .map(([minute, sums]) => ({
        seconds: source,
        start: bucketStart(minute, source),
        rows: [...sums.values()],
      }))
      .filter(({ start }) => start >= from && start <= end);
  }

  return {
    start() {
      since ??= clock.monotonic();
      schedule();
    },
    set(kind, waiting) {
      advance();
      present.set(kind, waiting);
      if (since === null) return;
      // A short queue must not fall between two minutes.
      addTo(sumsOf(bucketStart(clock.now(), MINUTE)), {
        kind,
        waiting: { sum: 0, seconds: 0 },
        most: waiting,
      });
    },
    buckets(span, atMost) {
      advance();
      const { source, seconds, from, last } = planRange(span, clock.now(), atMost);
      const end = last + (seconds - source) * 1000;
      const joined = new Map<number, Sums>();
      for (const { start, rows } of [...store.read(source, from, end), ...notSaved(source, from, end)]) {
        const at = bucketStart(start, seconds);
        const sums: Sums = joined.get(at) ?? new Map();
        joined.set(at, sums);
        for (const row of rows) addTo(sums, row);
      }
      return [...joined]
        .sort(([one], [other]) => one - other)
        .map(([at, sums]) => ({ at, seconds, waiting: shown(sums) }));
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

function shown(sums: Sums): QueueBucket['waiting'] {
  return Object.fromEntries(
    [...sums.values()].map(({ kind, waiting: { sum, seconds }, most }) => [
      kind,
      { mean: seconds > 0 ? Math.round((sum / seconds) * 100) / 100 : most, most },
    ]),
  );
}
