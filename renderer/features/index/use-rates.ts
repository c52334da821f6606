import { useEffect, useMemo } from 'react';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import type { Series } from '../../charts/chart-row.ts';
import { client } from '../../client/index.ts';
import { useJobRates } from '../../stores/jobs.ts';
import { emptyRate, type RatePoint } from '../../stores/rate.ts';
import { seedWork, useWork } from '../../stores/work.ts';
import { rateLayers, withRemembered } from './rate-layers.ts';

/** The rate of a run, as far as this panel or the core’s last hour covers it, and what it is made of. */
export function useRates(job: IndexJob): { points: readonly RatePoint[]; layers: Series[] } {
  const watched = useJobRates((rates) => rates[job.id] ?? emptyRate).points;
  const samples = useWork((state) => state.samples);
  useEffect(() => {
    void seedWork(client);
  }, []);
  const layers = useMemo(() => rateLayers(job), [job]);
  const points = useMemo(() => withRemembered(watched, samples, job), [watched, samples, job]);
  return { points, layers };
}
