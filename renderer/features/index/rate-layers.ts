import type { IndexJob, JobNodeShare } from '../../../shared/models/indexing.ts';
import type { WorkSample } from '../../../shared/models/telemetry.ts';
import type { ChartRow, Series } from '../../charts/chart-row.ts';
import { type RatePoint, rateKey } from '../../stores/rate.ts';

export const placementNames: Record<JobNodeShare['placement'], string> = {
  gpu: 'GPU',
  partial: 'partial GPU',
  cpu: 'CPU',
  builtin: 'built-in',
};

const warm = ['var(--flame)', 'var(--ember)', 'var(--series-3)'];
const cold = ['var(--series-1)', 'var(--cold)', 'var(--series-4)'];

/** One layer per node and placement: GPUs in warm colours below, CPUs in cold colours above. */
export function rateLayers(job: Pick<IndexJob, 'nodes'>): Series[] {
  const isWarm = (share: JobNodeShare) => share.placement === 'gpu' || share.placement === 'partial';
  const layer = (colours: string[]) => (share: JobNodeShare, index: number) => ({
    key: rateKey(share.nodeId, share.placement),
    name: `${share.name}, ${placementNames[share.placement]}`,
    colour: colours[index % colours.length] ?? 'var(--cold)',
  });
  return [
    ...job.nodes.filter(isWarm).map(layer(warm)),
    ...job.nodes.filter((share) => !isWarm(share)).map(layer(cold)),
  ];
}

/**
 * What this panel saw, preceded by the core’s samples, so that a reload during a run keeps the chart. The core’s
 * samples only name nodes: a node’s work is assigned to the placement that did most of it.
 */
export function withRemembered(
  watched: readonly RatePoint[],
  samples: readonly WorkSample[],
  job: Pick<IndexJob, 'nodes' | 'startedAt' | 'endedAt'>,
): RatePoint[] {
  if (job.startedAt === null) return [...watched];
  const from = job.startedAt;
  const until = watched[0]?.at ?? job.endedAt ?? Number.POSITIVE_INFINITY;
  const main = new Map<string, JobNodeShare>();
  for (const share of job.nodes) {
    if (share.vectors >= (main.get(share.nodeId)?.vectors ?? -1)) main.set(share.nodeId, share);
  }
  const remembered = samples
    .filter((sample) => sample.at >= from && sample.at < until)
    .map((sample): RatePoint => {
      const rates: Record<string, number> = {};
      for (const [nodeId, rate] of Object.entries(sample.vectorsPerSecondByNode)) {
        const share = main.get(nodeId);
        if (share) rates[rateKey(nodeId, share.placement)] = rate;
      }
      return { at: sample.at, rates };
    });
  return [...remembered, ...watched];
}

/** The rate of a finished run: zero at its start, cut off at its end. */
export function wholeRun(
  points: readonly RatePoint[],
  job: Pick<IndexJob, 'startedAt' | 'endedAt'>,
): RatePoint[] {
  const { startedAt, endedAt } = job;
  const last = points.at(-1);
  if (startedAt === null || endedAt === null || !last) return [];
  const inside = points.filter((point) => point.at > startedAt && point.at < endedAt);
  return [
    { at: startedAt, rates: {} },
    ...inside,
    { at: endedAt, rates: inside.at(-1)?.rates ?? last.rates },
  ];
}

/** The rows of the chart; the last one holds until `end`. */
export function rateRows(points: readonly RatePoint[], end: number): ChartRow[] {
  const rows = points.map(({ at, rates }): ChartRow => ({ at, values: rates }));
  const last = rows.at(-1);
  return last === undefined || last.at >= end ? rows : [...rows, { ...last, at: end }];
}
