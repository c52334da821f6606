/** Tells a script that a job has ended, in the shape that existing scripts read. */
import type { IndexJob } from '../../../shared/models/indexing.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';

export interface CallbackBody {
  job_id: string;
  status: 'completed' | 'failed';
  stats: { indexed?: number; duration_ms: number; vault: string; full: boolean };
  error?: string;
}

/** What the existing API calls the folders of a job: the name of the only one, or `all`. */
function vaultOf(job: Pick<IndexJob, 'label' | 'sourceIds'>): string {
  return job.sourceIds.length === 1 ? job.label : 'all';
}

/** On failure there is an `error` and no `indexed`. A cancelled job has failed, for a script. */
function callbackBody(job: IndexJob): CallbackBody {
  const stats = {
    duration_ms: Math.max(0, (job.endedAt ?? 0) - (job.startedAt ?? job.createdAt)),
    vault: vaultOf(job),
    full: job.full,
  };
  if (job.status === 'completed') {
    return { job_id: job.id, status: 'completed', stats: { indexed: job.files.done, ...stats } };
  }
  const error = job.error?.message ?? 'cancelled';
  return { job_id: job.id, status: 'failed', stats, error };
}

const waitsMs = [1000, 5000, 20_000];

/** Posts the body, four times at most; resolves with null, or with the words of the last failure. */
export async function postCallback(
  {
    clock,
    http,
    log,
    url,
    job,
  }: {
    clock: Clock;
    http: Http;
    log: Log;
    url: string;
    job: IndexJob;
  },
  signal: AbortSignal,
): Promise<string | null> {
  for (let attempt = 0; ; attempt += 1) {
    let reason: string;
    try {
      const reply = await http.request({
        method: 'POST',
        url,
        body: callbackBody(job),
        deadlineMs: 10_000,
        maxBytes: 65_536,
        signal,
      });
      if (reply.status >= 200 && reply.status < 300) return null;
      reason = `it answered ${reply.status}`;
    } catch (error) {
      if (signal.aborted) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    log.warn('A callback was not taken.', { job: job.id, attempt: attempt + 1, reason });
    const wait = waitsMs[attempt];
    if (wait === undefined) return reason;
    await clock.sleep(wait, signal);
  }
}
