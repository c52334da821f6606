/** How long a first run takes. Pure. */
import type { IndexJob } from '../../../shared/models/indexing.ts';

/** Fewer say nothing about the next run. */
const LEAST_VECTORS = 200;

/** Passages a second of the latest run that embedded enough of these folders; null if there is none. */
export function paceOf(jobs: readonly IndexJob[], sourceIds: ReadonlySet<string>): number | null {
  for (const job of jobs) {
    const { startedAt, endedAt, vectors } = job;
    if (startedAt === null || endedAt === null || endedAt <= startedAt || vectors < LEAST_VECTORS) continue;
    if (job.sourceIds.every((id) => sourceIds.has(id))) return (vectors * 1000) / (endedAt - startedAt);
  }
  return null;
}

export const minutesFor = (passages: number, perSecond: number | null): number | null =>
  perSecond === null || perSecond <= 0 ? null : Math.ceil((passages / perSecond / 60) * 10) / 10;
