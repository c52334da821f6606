import type { IndexJob, JobPhase, JobStatus } from '../../../shared/models/indexing.ts';

export const phaseWords: Record<JobPhase, string> = {
  queued: 'waiting for its turn',
  waking: 'waking the GPU machine',
  placing: 'putting the model on the GPU',
  scanning: 'looking for files',
  embedding: 'embedding',
  waiting: 'waiting',
  finishing: 'finishing',
  done: 'done',
};

export const statusWords: Record<JobStatus, string> = {
  pending: 'waiting',
  running: 'running',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** Files that need nothing more, and the share of all; null while the number of files is not known. */
export function jobProgress(job: Pick<IndexJob, 'files' | 'status'>): {
  files: number;
  share: number | null;
} {
  const { total, done, unchanged, failed, skipped } = job.files;
  const files = Math.min(total, done + unchanged + failed + skipped);
  if (total > 0) return { files, share: files / total };
  return { files, share: job.status === 'completed' ? 1 : null };
}
