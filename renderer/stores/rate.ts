import type { IndexJob } from '../../shared/models/indexing.ts';

/** Vectors per second over a job's life: one series for each node and placement. */
export interface RateSeries {
  points: readonly RatePoint[];
  /** Least time between two points, milliseconds; doubles each time the series is full. */
  stepMs: number;
}

export interface RatePoint {
  at: number;
  /** `node id|placement` → vectors a second. */
  rates: Readonly<Record<string, number>>;
}

export const emptyRate: RateSeries = { points: [], stepMs: 1000 };

const maxPoints = 240;

export const rateKey = (nodeId: string, placement: string) => `${nodeId}|${placement}`;

/** Adds what the job does now. A full series is thinned to half, so that a long job stays whole. */
export function addJobPoint(series: RateSeries, job: Pick<IndexJob, 'nodes'>, at: number): RateSeries {
  const last = series.points.at(-1);
  const rates = Object.fromEntries(
    job.nodes.map((share) => [rateKey(share.nodeId, share.placement), share.vectorsPerSecond]),
  );
  if (last && at - last.at < series.stepMs) {
    return { ...series, points: [...series.points.slice(0, -1), { at: last.at, rates }] };
  }
  const points = [...series.points, { at, rates }];
  if (points.length <= maxPoints) return { ...series, points };
  return { points: points.filter((_, index) => index % 2 === 0), stepMs: series.stepMs * 2 };
}
