/** What is known of a node over an hour, a day, 30 days: kept buckets, continued by the live stream. */
import { create } from 'zustand';
import type { HistoryRange, NodeBucket } from '../../shared/models/telemetry.ts';
import type { Client } from '../client/index.ts';
import { type Bucket, bucketMs, type Mean } from './history.ts';

/** No chart has more. */
const mostBuckets = 120;

/** Width of a bucket by range, seconds, and how long the range is, milliseconds. */
export const rangeShape: Record<HistoryRange, { seconds: number; spanMs: number }> = {
  hour: { seconds: bucketMs / 1000, spanMs: 3_600_000 },
  day: { seconds: 720, spanMs: 24 * 3_600_000 },
  month: { seconds: 21_600, spanMs: 30 * 24 * 3_600_000 },
};

export interface KeptBuckets {
  /** `loading` before the first answer; what was known stays while it is asked again. */
  state: 'loading' | 'ready' | 'failed';
  buckets: readonly NodeBucket[];
  /** Where they end; the live stream continues from there. */
  until: number;
}

const none: KeptBuckets = { state: 'loading', buckets: [], until: 0 };

export const useKeptBuckets = create<Record<string, KeptBuckets>>()(() => ({}));

const keptKey = (nodeId: string, range: HistoryRange) => `${nodeId}|${range}`;
export const selectKept = (nodeId: string, range: HistoryRange) => (state: Record<string, KeptBuckets>) =>
  state[keptKey(nodeId, range)] ?? none;

/** Fetches a range once for a page that was opened, and again only after the link was lost. */
export async function loadBuckets(
  client: Client,
  nodeId: string,
  range: 'day' | 'month',
  signal: AbortSignal,
): Promise<void> {
  const key = keptKey(nodeId, range);
  try {
    const buckets = await client.call(
      'telemetry.buckets',
      { nodeId, range, atMost: mostBuckets },
      { signal },
    );
    useKeptBuckets.setState({ [key]: { state: 'ready', buckets, until: Date.now() } });
  } catch {
    if (signal.aborted) return;
    useKeptBuckets.setState((state) => ({ [key]: { ...(state[key] ?? none), state: 'failed' } }));
  }
}

const meanOf = ({ sum, count }: Mean) => (count > 0 ? sum / count : null);

/** Live buckets in the shape of kept ones. */
export function fromLive(live: readonly Bucket[]): NodeBucket[] {
  return live.map((bucket) => ({
    at: bucket.at,
    seconds: bucketMs / 1000,
    servingSeconds: bucketMs / 1000,
    vectors: 0,
    vramTotalBytes: null,
    vramUsedBytes: null,
    utilisationPercent: meanOf(bucket.utilisation),
    utilisationMaxPercent: null,
    powerWatts: meanOf(bucket.power),
    temperatureMaxCelsius: bucket.temperatureMax,
    vramByModel: bucket.vramByModel,
  }));
}

/** Kept buckets with what the stream brought since: nothing is fetched twice, and nothing counts twice. */
export function continueBuckets(
  kept: readonly NodeBucket[],
  live: readonly NodeBucket[],
  until: number,
  seconds: number,
): NodeBucket[] {
  const byStart = new Map(kept.map((bucket) => [bucket.at, bucket]));
  for (const bucket of live) {
    if (bucket.at < until) continue;
    const at = Math.floor(bucket.at / (seconds * 1000)) * seconds * 1000;
    const known = byStart.get(at);
    byStart.set(at, known ? join(known, bucket) : { ...bucket, at, seconds });
  }
  return [...byStart.values()].sort((a, b) => a.at - b.at);
}

/** Both together, weighting each mean by the time it covers. */
function join(a: NodeBucket, b: NodeBucket): NodeBucket {
  const total = a.servingSeconds + b.servingSeconds;
  const mean = (x: number | null, y: number | null) =>
    x === null || y === null || total === 0
      ? (x ?? y)
      : (x * a.servingSeconds + y * b.servingSeconds) / total;
  const highest = (x: number | null, y: number | null) =>
    x === null || y === null ? (x ?? y) : Math.max(x, y);
  const vramByModel: Record<string, number> = {};
  for (const model of new Set([...Object.keys(a.vramByModel), ...Object.keys(b.vramByModel)])) {
    vramByModel[model] = mean(a.vramByModel[model] ?? 0, b.vramByModel[model] ?? 0) ?? 0;
  }
  return {
    ...a,
    servingSeconds: Math.min(a.seconds, total),
    utilisationPercent: mean(a.utilisationPercent, b.utilisationPercent),
    utilisationMaxPercent: highest(a.utilisationMaxPercent, b.utilisationMaxPercent),
    powerWatts: mean(a.powerWatts, b.powerWatts),
    temperatureMaxCelsius: highest(a.temperatureMaxCelsius, b.temperatureMaxCelsius),
    vramByModel,
  };
}

export const vectorsOf = (buckets: readonly NodeBucket[]): number =>
  buckets.reduce((sum, { vectors }) => sum + vectors, 0);

/** The whole range, oldest first: a bucket, or null if nothing is known. At most 120. */
export function fillRange(
  buckets: readonly NodeBucket[],
  { seconds, spanMs }: { seconds: number; spanMs: number },
  now: number,
): { at: number; bucket: NodeBucket | null }[] {
  const width = seconds * 1000;
  const last = Math.floor(now / width) * width;
  const count = Math.min(mostBuckets, Math.round(spanMs / width));
  const byStart = new Map(buckets.map((bucket) => [bucket.at, bucket]));
  return Array.from({ length: count }, (_, index) => {
    const at = last - (count - 1 - index) * width;
    return { at, bucket: byStart.get(at) ?? null };
  });
}
