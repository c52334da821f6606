/** Which stored buckets make up a span of history. Pure. */

import { historyMs } from '../../../shared/history-ranges.ts';
import type { HistoryRange, HistorySpan } from '../../../shared/models/telemetry.ts';
import type { BucketLength } from '../ports/history.ts';
import { bucketStart, KEPT_MS, MINUTE, QUARTER } from './rollup.ts';

export interface RangePlan {
  /** The stored buckets to read. */
  source: BucketLength;
  /** The length of a returned bucket, a multiple of the source's. */
  seconds: number;
  /** First and last start, both included, as wall time. `last` is before `from` if there is nothing to read. */
  from: number;
  last: number;
}

/** The buckets of a span, in at most `atMost` of equal length. */
export function planRange(span: HistorySpan, now: number, atMost: number): RangePlan {
  return typeof span === 'string' ? upToNow(span, now, atMost) : between(span, now, atMost);
}

/** It ends with the bucket under way. */
function upToNow(range: HistoryRange, now: number, atMost: number): RangePlan {
  const source = historyMs[range] <= KEPT_MS[MINUTE] ? MINUTE : QUARTER;
  const count = historyMs[range] / (source * 1000);
  const each = Math.ceil(count / Math.min(atMost, count));
  const seconds = source * each;
  const last = bucketStart(now, seconds);
  return { source, seconds, from: last - (Math.ceil(count / each) - 1) * seconds * 1000, last };
}

/** No more is read than is kept, whatever was asked for. */
function between({ from, to }: { from: number; to: number }, now: number, atMost: number): RangePlan {
  const first = Math.max(from, now - KEPT_MS[QUARTER]);
  const end = Math.min(to, bucketStart(now, MINUTE) + MINUTE * 1000);
  const source = first >= now - KEPT_MS[MINUTE] ? MINUTE : QUARTER;
  const inAll = (seconds: number) => bucketStart(end - 1, seconds) - bucketStart(first, seconds);
  let each = Math.max(1, Math.ceil((end - first) / (source * 1000) / atMost));
  // A window that begins within a bucket touches one more.
  while (inAll(source * each) / (source * each * 1000) >= atMost) each = Math.ceil(each * 1.25);
  const seconds = source * each;
  return { source, seconds, from: bucketStart(first, seconds), last: bucketStart(end - 1, seconds) };
}
