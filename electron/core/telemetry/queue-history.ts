/** What waited over time: how much on average, and how much at most. */
import type { QueueKind } from '../../../shared/models/requests.ts';
import type { HistorySpan, QueueBucket } from '../../../shared/models/telemetry.ts';
import type { QueueTotals } from '../ports/history.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { createMinuteSums } from './minute-sums.ts';

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
  const present = new Map<QueueKind, number>(kinds.map((kind) => [kind, 0]));
  const sums = createMinuteSums<QueueTotals>({
    ...{ clock, log, store, name: 'queues' },
    present: (seconds) =>
      [...present].map(([kind, waiting]) => ({
        kind,
        waiting: { sum: waiting * seconds, seconds },
        most: waiting,
      })),
    keyOf: ({ kind }) => kind,
    join: (one, other) => ({
      kind: one.kind,
      waiting: {
        sum: one.waiting.sum + other.waiting.sum,
        seconds: one.waiting.seconds + other.waiting.seconds,
      },
      most: Math.max(one.most, other.most),
    }),
  });

  return {
    start: sums.start,
    set(kind, waiting) {
      sums.advance();
      present.set(kind, waiting);
      // A short queue must not fall between two minutes.
      if (sums.isStarted()) sums.add({ kind, waiting: { sum: 0, seconds: 0 }, most: waiting });
    },
    buckets: (span, atMost) =>
      sums.read(span, atMost).map(({ at, seconds, rows }) => ({ at, seconds, waiting: shown(rows) })),
    stop: sums.stop,
  };
}

function shown(rows: readonly QueueTotals[]): QueueBucket['waiting'] {
  return Object.fromEntries(
    rows.map(({ kind, waiting: { sum, seconds }, most }) => [
      kind,
      { mean: seconds > 0 ? Math.round((sum / seconds) * 100) / 100 : most, most },
    ]),
  );
}
