/** Stores what came through the gateway in buckets of wall time. */
import type { RequestBucket } from '../../../shared/models/requests.ts';
import type { HistorySpan } from '../../../shared/models/telemetry.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import type { FinishedRequest } from '../gateway/model.ts';
import type { BucketLength } from '../ports/history.ts';
import type { Log } from '../ports/log.ts';
import type { RequestTotalsBucket } from '../ports/request-history.ts';
import type { Store } from '../ports/state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { planRange } from '../telemetry/range-plan.ts';
import { bucketStart, KEPT_MS, MINUTE, QUARTER } from '../telemetry/rollup.ts';
import { addRequest, joinInto, type RunningBucket, rowOf, toRequestBuckets } from './totals.ts';

export interface RequestRecorder {
  /** From now on each minute is recorded, even if nothing comes through: one that is not was not watched. */
  start(): void;
  add(requests: readonly FinishedRequest[]): void;
  /** The process that had it ended with it. */
  lost(nodeId: string | null, model: string | null): void;
  /** So many requests for the model have waited for so long. @param model canonical */
  waited(model: string, requestMs: number): void;
  /** Oldest first, up to now. */
  buckets(range: HistorySpan, atMost: number): RequestBucket[];
  /** Writes the minute under way as well; the rest of it may follow after a restart. Never throws. */
  flush(): void;
}

/** How many minutes wait for a disk that is full; the oldest are given up. */
const MOST_WAITING = 120;
/** A clock that jumped may jump back, so nothing is deleted until it has been steady for this long. */
const STEADY_MS = 300_000;
const JUMP_MS = 60_000;

export function createRequestRecorder(options: {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  log: Log;
  store: Store['requestHistory'];
}): RequestRecorder {
  const { clock, log, store } = options;
  /** By minute, not stored yet. Each is added to the store exactly once. */
  const waiting = new Map<number, RunningBucket>();
  let timer: Timer | null = null;
  let failing = false;
  let watching = false;
  let skew = clock.now() - clock.monotonic();
  let steadySince = clock.monotonic();

  /** The minute under way. */
  function present(): RunningBucket {
    const minute = bucketStart(clock.now(), MINUTE);
    const bucket: RunningBucket = waiting.get(minute) ?? new Map();
    waiting.set(minute, bucket);
    timer ??= clock.timer(minute + MINUTE * 1000 - clock.now(), closeMinute);
    return bucket;
  }

  function closeMinute(): void {
    timer = null;
    const now = bucketStart(clock.now(), MINUTE);
    write([...waiting.keys()].filter((minute) => minute !== now));
    if (watching) present();
    if (waiting.size > 0) timer ??= clock.timer(MINUTE * 1000, closeMinute);
  }

  function write(minutes: readonly number[]): void {
    if (minutes.length === 0) return;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    if (Math.abs(now - monotonic - skew) > JUMP_MS) steadySince = monotonic;
    skew = now - monotonic;
    const isSteady = monotonic - steadySince >= STEADY_MS;
    const prune = [MINUTE, QUARTER].map((seconds) => ({ seconds, before: now - KEPT_MS[seconds] }));
    try {
      store.write({ buckets: joinedWithStore(minutes), prune: isSteady ? prune : [] });
      for (const minute of minutes) waiting.delete(minute);
      if (failing) log.info('The history of requests is being saved again.');
      failing = false;
    } catch (error) {
      if (!failing)
        log.error('The history of requests could not be saved; will retry every minute.', {
          error: String(error),
        });
      failing = true;
      for (const minute of waiting.keys()) {
        if (waiting.size <= MOST_WAITING) break;
        waiting.delete(minute);
      }
    }
  }

  /** These minutes merged with what is stored of their buckets, to replace it. */
  function joinedWithStore(minutes: readonly number[]): RequestTotalsBucket[] {
    return [MINUTE, QUARTER].flatMap((seconds) => {
      const starts = new Set(minutes.map((minute) => bucketStart(minute, seconds)));
      return [...starts].map((start) => {
        const joined: RunningBucket = new Map();
        for (const { rows } of store.read(seconds, start, start)) joinInto(joined, rows);
        for (const minute of minutes) {
          if (bucketStart(minute, seconds) === start) joinInto(joined, rowsOf(minute));
        }
        return { seconds, start, rows: [...joined.values()] };
      });
    });
  }

  const rowsOf = (minute: number) => [...(waiting.get(minute)?.values() ?? [])];

  function unsaved(seconds: BucketLength, from: number, end: number): RequestTotalsBucket[] {
    return [...waiting.keys()]
      .map((minute) => ({ seconds, start: bucketStart(minute, seconds), rows: rowsOf(minute) }))
      .filter(({ start }) => start >= from && start <= end);
  }

  return {
    start() {
      watching = true;
      present();
    },
    add(requests) {
      if (requests.length === 0) return;
      const bucket = present();
      for (const request of requests) addRequest(bucket, request);
    },
    lost(nodeId, model) {
      const row = rowOf(present(), nodeId, model === null ? null : canonicalName(model));
      row.requests += 1;
      row.failed += 1;
    },
    waited(model, requestMs) {
      rowOf(present(), null, model).waitingMs += requestMs;
    },
    buckets(range, atMost) {
      const { source, seconds, from, last } = planRange(range, clock.now(), atMost);
      const end = last + (seconds - source) * 1000;
      return toRequestBuckets(
        [...store.read(source, from, end), ...unsaved(source, from, end)],
        seconds,
        clock.now(),
      );
    },
    flush() {
      watching = false;
      timer?.cancel();
      timer = null;
      write([...waiting.keys()]);
    },
  };
}
