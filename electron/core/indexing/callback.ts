/** Notifies a script that a job has ended, in the shape that existing scripts read. */

import type { IndexJob } from '../../../shared/models/indexing.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { postJson } from '../runtime/post-json.ts';
import { labelFolders } from './job-outcome.ts';

export interface CallbackBody {
  job_id: string;
  status: 'completed' | 'failed';
  stats: { indexed?: number; duration_ms: number; vault: string; full: boolean };
  error?: string;
}

export interface CallbackFailure {
  reason: Message;
  attempts: number;
}

/** What the existing API calls the folders of a job: the name of a single one, or `all`. */
function vaultOf({ label, sourceIds }: Pick<IndexJob, 'label' | 'sourceIds'>): string {
  return (sourceIds.length === 1 ? labelFolders(label)?.[0] : undefined) ?? 'all';
}

/** On failure there is an `error` and no `indexed`. To a script, a cancelled job has failed. */
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

/** Posts the body, at most four times. Resolves with null, or with the last failure. */
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
): Promise<CallbackFailure | null> {
  for (let attempts = 1; ; attempts += 1) {
    const reason = await postJson({ http, url, body: callbackBody(job) }, signal);
    if (reason === null) return null;
    log.warn('A callback was not accepted.', { job: job.id, attempts, reason: reason.code });
    const wait = waitsMs[attempts - 1];
    if (wait === undefined) return { reason, attempts };
    await clock.sleep(wait, signal);
  }
}
