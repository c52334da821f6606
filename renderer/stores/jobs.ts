import { create } from 'zustand';
import type { IndexJob } from '../../shared/models/indexing.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';
import { addJobPoint, emptyRate, type RateSeries } from './rate.ts';

export const jobsStore = createStreamStore('jobs');
export const useJobs = jobsStore.use;

/** Newest first. */
export function selectJobs(state: KeyedState<IndexJob>): IndexJob[] {
  return Object.values(state.entries).toSorted((a, b) => b.createdAt - a.createdAt);
}

export function isActive(job: IndexJob): boolean {
  return job.status === 'pending' || job.status === 'running';
}

/** The job that runs now, else one that waits or is paused, else null. */
export function selectActiveJob(state: KeyedState<IndexJob>): IndexJob | null {
  const open = Object.values(state.entries).filter(({ endedAt }) => endedAt === null);
  const first = (status: IndexJob['status']) => open.find((job) => job.status === status);
  return first('running') ?? first('pending') ?? first('paused') ?? null;
}

/** Vectors per second of each job, by node and placement, as far as this panel has watched it. */
export const useJobRates = create<Record<string, RateSeries>>()(() => ({}));

jobsStore.onFrame((frame) => {
  const changed: Record<string, RateSeries> = {};
  for (const [id, job] of frame.set) {
    if (isActive(job)) changed[id] = addJobPoint(useJobRates.getState()[id] ?? emptyRate, job, Date.now());
  }
  if (Object.keys(changed).length > 0) useJobRates.setState(changed);
});
