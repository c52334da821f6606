/**
 * Adds requests up in buckets, and buckets in longer ones. With sums and histograms only, joining is exact in any order,
 * so that a minute that was split by a restart is like any other.
 */
import type { RequestBucket } from '../../../shared/models/requests.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import { addDuration, addHistogram, newHistogram, quantile } from '../gateway/histogram.ts';
import type { FinishedRequest } from '../gateway/model.ts';
import type { RequestTotals, RequestTotalsBucket } from '../ports/request-history.ts';
import { bucketStart } from '../telemetry/rollup.ts';
import { spreadOf } from '../telemetry/spread.ts';
import { outputMsOf } from './request-view.ts';

/** The rows of one bucket by node and model. */
export type RunningBucket = Map<string, RequestTotals>;

/** Names of models come from clients, so their number is limited; further ones are counted together. */
export const MOST_ROWS = 100;
const OTHER_MODELS = '(others)';
/** A request that named more is no name of a model. Characters. */
const LONGEST_NAME = 120;

const keyOf = (nodeId: string | null, model: string | null) => JSON.stringify([nodeId, model]);

export function rowOf(bucket: RunningBucket, nodeId: string | null, model: string | null): RequestTotals {
  const found = bucket.get(keyOf(nodeId, model));
  if (found !== undefined) return found;
  const isOther = model !== null && (bucket.size >= MOST_ROWS || model.length > LONGEST_NAME);
  const name = isOther ? OTHER_MODELS : model;
  const key = keyOf(nodeId, name);
  const row = bucket.get(key) ?? newTotals(nodeId, name);
  bucket.set(key, row);
  return row;
}

export function addRequest(bucket: RunningBucket, request: FinishedRequest): void {
  const { nodeId, model, outcome, firstByteMs, outputTokens } = request;
  const row = rowOf(bucket, nodeId, model === null ? null : canonicalName(model));
  row.requests += 1;
  if (outcome === 'failed') row.failed += 1;
  if (nodeId !== null && firstByteMs !== null) addDuration(row.firstByte, firstByteMs);
  const outputMs = outputMsOf(request);
  if (outputMs === null) return;
  row.outputTokens += outputTokens ?? 0;
  row.outputMs += outputMs;
}

export function joinInto(bucket: RunningBucket, rows: readonly RequestTotals[]): void {
  for (const row of rows) {
    const sum = rowOf(bucket, row.nodeId, row.model);
    sum.requests += row.requests;
    sum.failed += row.failed;
    sum.waitingMs += row.waitingMs;
    sum.outputTokens += row.outputTokens;
    sum.outputMs += row.outputMs;
    addHistogram(sum.firstByte, row.firstByte);
  }
}

/**
 * Buckets of `seconds` as the contract shows them, oldest first; those that were not recorded left out.
 * @param now wall time: what is not over yet has no spread
 */
export function toRequestBuckets(
  buckets: readonly RequestTotalsBucket[],
  seconds: number,
  now: number,
): RequestBucket[] {
  const byStart = new Map<number, { rows: RunningBucket; parts: Map<number, Part> }>();
  for (const { start, rows, seconds: length } of buckets) {
    const at = bucketStart(start, seconds);
    const joined = byStart.get(at) ?? { rows: new Map(), parts: new Map() };
    byStart.set(at, joined);
    joinInto(joined.rows, rows);
    if (length >= seconds || start + length * 1000 > now) continue;
    const part = joined.parts.get(start) ?? { seconds: length, rows: new Map() };
    joined.parts.set(start, part);
    joinInto(part.rows, rows);
  }
  return [...byStart]
    .sort(([one], [other]) => one - other)
    .map(([at, { rows, parts }]) => toRequestBucket(at, seconds, rows, [...parts.values()]));
}

/** A stored bucket behind a longer one. */
interface Part {
  seconds: number;
  rows: RunningBucket;
}

const allFirstBytes = (rows: Iterable<RequestTotals>): Uint32Array => {
  const all = newHistogram();
  for (const { firstByte } of rows) addHistogram(all, firstByte);
  return all;
};

const sumOf = ({ rows }: Part, value: (row: RequestTotals) => number) =>
  [...rows.values()].reduce((sum, row) => sum + value(row), 0);

const waitingOf = (waitingMs: number, seconds: number) =>
  Math.round((waitingMs / (seconds * 1000)) * 100) / 100;

function spreadOfAll(parts: readonly Part[]): Pick<RequestBucket, 'spread'> {
  const perMinute = spreadOf(parts.map((part) => (sumOf(part, (row) => row.requests) * 60) / part.seconds));
  const waiting = spreadOf(
    parts.map((part) =>
      waitingOf(
        sumOf(part, (row) => row.waitingMs),
        part.seconds,
      ),
    ),
  );
  if (perMinute === null || waiting === null) return {};
  const firstByteMs = spreadOf(parts.map(({ rows }) => quantile(allFirstBytes(rows.values()), 0.5)));
  return { spread: { perMinute, waiting, firstByteMs } };
}

function spreadOfRow(key: string, parts: readonly Part[]): Pick<RequestBucket['rows'][number], 'spread'> {
  if (parts.length === 0) return {};
  const rows = parts.flatMap((part) => part.rows.get(key) ?? []);
  return {
    spread: {
      firstByteMs: spreadOf(rows.map(({ firstByte }) => quantile(firstByte, 0.5))),
      tokensPerSecond: spreadOf(
        rows.map(({ outputTokens, outputMs }) => (outputMs > 0 ? (outputTokens * 1000) / outputMs : null)),
      ),
    },
  };
}

function toRequestBucket(
  at: number,
  seconds: number,
  joined: RunningBucket,
  parts: readonly Part[],
): RequestBucket {
  const rows = [...joined.values()];
  const all = allFirstBytes(rows);
  return {
    at,
    seconds,
    firstByteMs: percentiles(all),
    ...spreadOfAll(parts),
    rows: rows.map(({ nodeId, model, requests, failed, waitingMs, firstByte, outputTokens, outputMs }) => ({
      nodeId,
      model,
      requests,
      failed,
      waiting: waitingOf(waitingMs, seconds),
      firstByteMs: percentiles(firstByte),
      outputTokens,
      outputMs: Math.round(outputMs),
      ...spreadOfRow(keyOf(nodeId, model), parts),
    })),
  };
}

function percentiles(histogram: Uint32Array): { p50: number; p95: number } | null {
  const [p50, p95] = [quantile(histogram, 0.5), quantile(histogram, 0.95)];
  return p50 === null || p95 === null ? null : { p50, p95 };
}

const newTotals = (nodeId: string | null, model: string | null): RequestTotals => ({
  nodeId,
  model,
  requests: 0,
  failed: 0,
  waitingMs: 0,
  outputTokens: 0,
  outputMs: 0,
  firstByte: newHistogram(),
});
