/** What is known of a node over an hour, a day, 30 days: kept buckets, continued by the live stream. */
import { create } from 'zustand';
import { historyMs } from '../../shared/history-ranges.ts';
import type { HistoryRange, HistorySpan, NodeBucket } from '../../shared/models/telemetry.ts';
import { periodText } from '../charts/period.ts';
import type { Client } from '../client/index.ts';
import { type Bucket, bucketMs, type Mean } from './history.ts';

/** No chart has more. */
export const mostBuckets = 120;

/** Width of a bucket by range, seconds: that of the live stream, and what the core merges its buckets to. */
export const rangeSeconds: Readonly<Record<HistoryRange, number>> = {
  'fifteen-minutes': bucketMs / 1000,
  hour: bucketMs / 1000,
  'six-hours': 180,
  day: 720,
  week: 5400,
  month: 21_600,
};

/** Whether the live stream has all of it: the last hour, or a part of that. */
export const isLive = (period: HistorySpan, now: number): boolean =>
  typeof period === 'string' ? historyMs[period] <= historyMs.hour : period.from >= now - historyMs.hour;

/** The width of the buckets of a period, seconds; the core chooses it for a time between two moments. */
export const secondsOf = (period: HistorySpan, buckets: readonly { seconds: number }[]): number =>
  typeof period === 'string' ? rangeSeconds[period] : (buckets[0]?.seconds ?? 60);

export interface KeptBuckets {
  /** `loading` before the first answer; what was known stays while it is asked again. */
  state: 'loading' | 'ready' | 'failed';
  buckets: readonly NodeBucket[];
  /** Where they end; the live stream continues from there. */
  until: number;
}

const none: KeptBuckets = { state: 'loading', buckets: [], until: 0 };

export const useKeptBuckets = create<Record<string, KeptBuckets>>()(() => ({}));

/** @param nodeId null for all nodes together */
const keptKey = (nodeId: string | null, period: HistorySpan) => `${nodeId ?? ''}|${periodText(period)}`;
export const selectKept =
  (nodeId: string | null, period: HistorySpan) => (state: Record<string, KeptBuckets>) =>
    state[keptKey(nodeId, period)] ?? none;

/** Fetches a period once for a page that was opened, and again only after the link was lost. */
export async function loadBuckets(
  client: Client,
  nodeId: string | null,
  period: HistorySpan,
  signal: AbortSignal,
): Promise<void> {
  const key = keptKey(nodeId, period);
  try {
    const buckets = await client.call(
      'telemetry.buckets',
      { ...(nodeId === null ? {} : { nodeId }), range: period, atMost: mostBuckets },
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
    vramUsedMinBytes: null,
    vramUsedMaxBytes: null,
    utilisationPercent: meanOf(bucket.utilisation),
    utilisationMinPercent: bucket.utilisation.min,
    utilisationMaxPercent: bucket.utilisation.max,
    powerWatts: meanOf(bucket.power),
    powerMinWatts: bucket.power.min,
    powerMaxWatts: bucket.power.max,
    temperatureCelsius: meanOf(bucket.temperature),
    temperatureMinCelsius: bucket.temperature.min,
    temperatureMaxCelsius: bucket.temperature.max,
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
  const either = (choose: (...values: number[]) => number) => (x: number | null, y: number | null) =>
    x === null || y === null ? (x ?? y) : choose(x, y);
  const lowest = either(Math.min);
  const highest = either(Math.max);
  const vramByModel: Record<string, number> = {};
  for (const model of new Set([...Object.keys(a.vramByModel), ...Object.keys(b.vramByModel)])) {
    vramByModel[model] = mean(a.vramByModel[model] ?? 0, b.vramByModel[model] ?? 0) ?? 0;
  }
  return {
    ...a,
    servingSeconds: Math.min(a.seconds, total),
    utilisationPercent: mean(a.utilisationPercent, b.utilisationPercent),
    utilisationMinPercent: lowest(a.utilisationMinPercent, b.utilisationMinPercent),
    utilisationMaxPercent: highest(a.utilisationMaxPercent, b.utilisationMaxPercent),
    powerWatts: mean(a.powerWatts, b.powerWatts),
    powerMinWatts: lowest(a.powerMinWatts, b.powerMinWatts),
    powerMaxWatts: highest(a.powerMaxWatts, b.powerMaxWatts),
    temperatureCelsius: mean(a.temperatureCelsius, b.temperatureCelsius),
    temperatureMinCelsius: lowest(a.temperatureMinCelsius, b.temperatureMinCelsius),
    temperatureMaxCelsius: highest(a.temperatureMaxCelsius, b.temperatureMaxCelsius),
    vramByModel,
  };
}

export const vectorsOf = (buckets: readonly NodeBucket[]): number =>
  buckets.reduce((sum, { vectors }) => sum + vectors, 0);
