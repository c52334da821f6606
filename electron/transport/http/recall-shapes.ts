/**
 * The shapes of a Recall server, which existing scripts read, derived from our jobs. Times are ISO 8601 in UTC,
 * durations milliseconds or seconds as the field says. Recall has no cancelled jobs: ours are reported as `failed`
 * with the error "cancelled". Paused ones are reported as `pending`.
 */
import { type IndexJob, jobProgress, type SourceView } from '../../../shared/models/indexing.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatDuration } from '../../../shared/units.ts';

export type RecallStatus = 'pending' | 'running' | 'completed' | 'failed';

export function recallStatus(status: IndexJob['status']): RecallStatus {
  if (status === 'paused') return 'pending';
  return status === 'cancelled' ? 'failed' : status;
}

export function isFinished(job: IndexJob): boolean {
  return job.status === 'completed' || job.status === 'failed' || job.status === 'cancelled';
}

/** The running job, or else the one that has waited longest; null if there is none. */
export function currentJob(jobs: readonly IndexJob[]): IndexJob | null {
  const waiting = jobs.filter((job) => job.status === 'pending');
  return jobs.find((job) => job.status === 'running') ?? waiting.at(-1) ?? null;
}

/** The response of `GET /index/progress`. `jobs` are newest first, `now` is milliseconds since the epoch. */
export function recallProgress(jobs: readonly IndexJob[], now: number) {
  const job = currentJob(jobs);
  if (job === null) {
    const last = jobs.find(isFinished);
    return {
      status: 'idle' as const,
      last_job:
        last === undefined
          ? null
          : {
              job_id: last.id,
              status: recallStatus(last.status),
              indexed: last.files.done,
              completed_at: toIso(last.endedAt),
            },
    };
  }
  return {
    status: 'running' as const,
    job_id: job.id,
    ...jobProgress(job),
    eta_seconds: toSeconds(job.etaMs),
    eta_human: job.etaMs === null ? null : formatDuration(job.etaMs),
    elapsed_seconds: job.startedAt === null ? 0 : Math.max(0, Math.round((now - job.startedAt) / 1000)),
    current_file: currentFile(job),
  };
}

/** The response of `GET /index/status/{id}`. */
export function recallJob(job: IndexJob) {
  return {
    job_id: job.id,
    status: recallStatus(job.status),
    started_at: toIso(job.startedAt),
    completed_at: toIso(job.endedAt),
    duration_ms: job.startedAt === null || job.endedAt === null ? null : job.endedAt - job.startedAt,
    indexed: job.files.done,
    error: job.status === 'cancelled' ? 'cancelled' : (job.error?.message ?? null),
    progress: isFinished(job)
      ? null
      : { ...jobProgress(job), current_file: currentFile(job), eta_seconds: toSeconds(job.etaMs) },
  };
}

/** One entry of `GET /index/jobs`. */
export function recallJobEntry(job: IndexJob, sources: readonly SourceView[]) {
  return {
    job_id: job.id,
    status: recallStatus(job.status),
    vault: vaultOf(job, sources),
    full: job.full,
    started_at: toIso(job.startedAt),
    indexed: job.files.done,
  };
}

/** The name of the one source of a job, or `all`. */
function vaultOf(job: IndexJob, sources: readonly SourceView[]): string {
  const [only, ...more] = job.sourceIds;
  if (only === undefined || more.length > 0) return 'all';
  return sources.find((source) => source.id === only)?.name ?? textOf(job.label);
}

function currentFile(job: IndexJob): string {
  return job.phase === 'waking' ? 'Waking GPU PC...' : job.currentFile;
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function toSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 1000);
}
