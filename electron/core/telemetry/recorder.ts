import type { HistorySpan, NodeBucket, WorkBucket } from '../../../shared/models/telemetry.ts';
import type { BucketRow } from '../ports/history.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { planRange } from './range-plan.ts';
import {
  addReading,
  bucketStart,
  cutByMinute,
  joinRows,
  joinTotals,
  KEPT_MS,
  MINUTE,
  type NodeReading,
  QUARTER,
  type RunningTotals,
  readingOfAll,
  toNodeBuckets,
  totalsOf,
  totalsOfVectors,
  toWorkBuckets,
} from './rollup.ts';

/** Stores the history beyond the hour that the rings hold. */
export interface HistoryRecorder {
  /** Takes the readings of all nodes that serve now. Called every few seconds. Never throws. */
  observe(serving: ReadonlyMap<string, NodeReading>): void;
  addVectors(nodeId: string, count: number): void;
  /** Writes the current minute as well; the rest of it may follow after a restart. Never throws. */
  flush(): void;
  forget(nodeId: string): void;
  /** Oldest first, up to now. */
  buckets(nodeId: string, range: HistorySpan, atMost: number): NodeBucket[];
  work(range: HistorySpan, atMost: number): WorkBucket[];
}

/**
 * The history of all nodes together has a row of its own: a month of a thousand nodes could not be added up for a chart.
 * No node has such an id.
 */
export const ALL_NODES = ':all';

/** Longest time counted between two observations; after more, the computer slept or was overloaded. */
const LONGEST_STEP_S = 10;
/** How many unsaved rows are kept while the disk is full; beyond that the oldest minute is dropped. */
const MOST_WAITING = 5000;
/** A clock that jumped may jump back, so nothing is pruned until it has been steady for this long. */
const STEADY_MS = 300_000;
const JUMP_MS = 60_000;

export function createHistoryRecorder(deps: {
  clock: Clock;
  log: Log;
  history: Store['history'];
}): HistoryRecorder {
  const { clock, log, history } = deps;
  /** Unsaved totals by minute and node. Each is added to the store exactly once. */
  const waiting = new Map<number, Map<string, RunningTotals>>();
  let lastSeen = new Map<string, number>();
  let skew = clock.now() - clock.monotonic();
  let steadySince = clock.monotonic();
  let lastMinute: number | null = null;
  let failing = false;

  function add(minute: number, nodeId: string, totals: RunningTotals): void {
    const byNode = waiting.get(minute) ?? new Map<string, RunningTotals>();
    waiting.set(minute, byNode);
    const known = byNode.get(nodeId);
    byNode.set(nodeId, known ? joinTotals(known, totals) : totals);
  }

  /** In place, because a large fleet would otherwise allocate thousands of totals a second. */
  function addMoment(minute: number, nodeId: string, reading: NodeReading, seconds: number): void {
    const known = waiting.get(minute)?.get(nodeId);
    if (known) addReading(known, reading, seconds);
    else add(minute, nodeId, totalsOf(reading, seconds));
  }

  function write(minutes: readonly number[]): void {
    const steady = clock.monotonic() - steadySince >= STEADY_MS;
    const prune = steady
      ? ([MINUTE, QUARTER] as const).map((seconds) => ({ seconds, before: clock.now() - KEPT_MS[seconds] }))
      : [];
    if (minutes.length === 0 && prune.length === 0) return;
    try {
      history.write({ rows: joinedWithStore(minutes), prune });
      for (const minute of minutes) waiting.delete(minute);
      if (failing) log.info('History is being saved again.');
      failing = false;
    } catch (error) {
      if (!failing)
        log.error('History could not be saved; will retry every minute.', { error: String(error) });
      failing = true;
      giveUpOldest();
    }
  }

  /** These minutes merged with the rows already in the store, to replace them. */
  function joinedWithStore(minutes: readonly number[]): BucketRow[] {
    const fresh = joinRows([MINUTE, QUARTER].flatMap((seconds) => waitingRows(seconds, minutes)));
    const touched = new Map(fresh.map((row) => [`${row.seconds} ${row.start}`, row]));
    const wanted = new Set(fresh.map(keyOf));
    const stored = [...touched.values()]
      .flatMap(({ seconds, start }) => history.at(seconds, start))
      .filter((row) => wanted.has(keyOf(row)));
    return joinRows([...stored, ...fresh]);
  }

  function waitingRows(seconds: typeof MINUTE, minutes: Iterable<number>): BucketRow[] {
    return [...minutes].flatMap((minute) =>
      [...(waiting.get(minute) ?? [])].map(([nodeId, totals]) => ({
        nodeId,
        seconds,
        start: bucketStart(minute, seconds),
        totals,
      })),
    );
  }

  function giveUpOldest(): void {
    let rows = [...waiting.values()].reduce((sum, byNode) => sum + byNode.size, 0);
    for (const [minute, byNode] of waiting) {
      if (rows <= MOST_WAITING || waiting.size === 1) return;
      rows -= byNode.size;
      waiting.delete(minute);
    }
  }

  return {
    observe(serving) {
      const [now, monotonic] = [clock.now(), clock.monotonic()];
      if (Math.abs(now - monotonic - skew) > JUMP_MS) steadySince = monotonic;
      skew = now - monotonic;

      const seen = new Map<string, number>();
      for (const [nodeId, reading] of serving) {
        seen.set(nodeId, monotonic);
        const before = lastSeen.get(nodeId);
        if (before === undefined) continue;
        const elapsed = Math.min(LONGEST_STEP_S, (monotonic - before) / 1000);
        for (const { start, seconds } of cutByMinute(now, elapsed)) {
          addMoment(start, nodeId, reading, seconds);
        }
      }
      const all = seen.set(ALL_NODES, monotonic) && lastSeen.get(ALL_NODES);
      if (all !== undefined) {
        const reading = readingOfAll([...serving.values()]);
        for (const { start, seconds } of cutByMinute(now, Math.min(LONGEST_STEP_S, (monotonic - all) / 1000)))
          addMoment(start, ALL_NODES, reading, seconds);
      }
      lastSeen = seen;

      const minute = bucketStart(now, MINUTE);
      if (minute === lastMinute) return;
      lastMinute = minute;
      write([...waiting.keys()].filter((other) => other !== minute));
    },
    addVectors(nodeId, count) {
      add(bucketStart(clock.now(), MINUTE), nodeId, totalsOfVectors(count));
    },
    flush() {
      if (waiting.size > 0) write([...waiting.keys()]);
      lastSeen = new Map();
    },
    forget(nodeId) {
      lastSeen.delete(nodeId);
      for (const byNode of waiting.values()) byNode.delete(nodeId);
      try {
        history.remove(nodeId);
      } catch (error) {
        log.warn('The history of a removed node could not be deleted.', { error: String(error) });
      }
    },
    buckets(nodeId, range, atMost) {
      const { source, seconds, from, last } = planRange(range, clock.now(), atMost);
      const end = last + (seconds - source) * 1000;
      const fresh = waitingRows(source, waiting.keys()).filter(
        (row) => row.nodeId === nodeId && row.start >= from && row.start <= end,
      );
      return toNodeBuckets([...history.read(nodeId, source, from, end), ...fresh], seconds);
    },
    work(range, atMost) {
      const { source, seconds, from, last } = planRange(range, clock.now(), atMost);
      const end = last + (seconds - source) * 1000;
      const fresh = waitingRows(source, waiting.keys())
        .filter((row) => row.start >= from && row.start <= end)
        .map(({ nodeId, start, totals }) => ({ nodeId, start, vectors: totals.vectors }));
      return toWorkBuckets([...history.work(source, from, end), ...fresh], seconds);
    },
  };
}

function keyOf({ seconds, start, nodeId }: BucketRow): string {
  return `${seconds} ${start} ${nodeId}`;
}
