import type { IndexJob, JobPhase, JobStatus } from '../../../shared/models/indexing.ts';

export const phaseLabels: Record<JobPhase, string> = {
  queued: 'queued',
  waking: 'waking the GPU machine',
  placing: 'moving the model to the GPU',
  scanning: 'scanning for files',
  embedding: 'embedding',
  waiting: 'waiting',
  finishing: 'finishing',
  done: 'done',
};

export const statusLabels: Record<JobStatus, string> = {
  pending: 'queued',
  running: 'running',
  paused: 'paused',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** Files that are finished, and their share of the total; null until the total is known. */
export function jobProgress(job: Pick<IndexJob, 'files' | 'status'>): {
  files: number;
  share: number | null;
} {
  const { total, done, unchanged, failed, skipped } = job.files;
  const files = Math.min(total, done + unchanged + failed + skipped);
  if (total > 0) return { files, share: files / total };
  return { files, share: job.status === 'completed' ? 1 : null };
}
