/**
 * What a Recall server answers, read leniently: a field that is missing or of another type is unknown. Its texts are
 * shown, so they are made printable and short. Pure.
 */
import * as z from 'zod';
import { oneLine } from '../../../shared/printable.ts';

const MOST_SHOWN = 300;
const MOST_JOBS = 100;
/** An id becomes part of an address. */
const MOST_ID = 200;

const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => oneLine((value ?? '').slice(0, MOST_SHOWN * 2)).slice(0, MOST_SHOWN));
const count = z.number().min(0).max(1e12).nullish().catch(null);
const jobId = z.union([z.string().min(1).max(MOST_ID), z.number().int().transform(String)]);

const progressFields = {
  processed: count,
  total: count,
  percent: count,
  eta_seconds: count,
  current_file: text,
};

const runningSchema = z.looseObject({ status: z.literal('running'), job_id: jobId, ...progressFields });
const idleSchema = z.looseObject({
  status: z.literal('idle'),
  last_job: z.looseObject({ job_id: jobId, status: z.string(), indexed: count }).nullish().catch(null),
});
const jobSchema = z.looseObject({
  job_id: jobId,
  status: z.enum(['pending', 'running', 'completed', 'failed']),
  indexed: count,
  error: text,
  progress: z.looseObject(progressFields).nullish().catch(null),
});
const jobsSchema = z.looseObject({ jobs: z.array(z.unknown()) });
const jobEntrySchema = z.looseObject({ job_id: jobId });
const startedSchema = z.looseObject({ job_id: jobId });
const errorSchema = z.looseObject({
  error: text,
  detail: z.union([z.string(), z.unknown().transform(() => null)]).nullish(),
  message: text,
});

export interface RecallProgress {
  processed: number;
  total: number;
  percent: number;
  etaMs: number | null;
  currentFile: string;
}

export type RecallNow =
  | { kind: 'running'; jobId: string; progress: RecallProgress }
  | { kind: 'idle'; lastJob: RecallEnd | null };

export interface RecallEnd {
  jobId: string;
  status: 'completed' | 'failed';
  indexed: number | null;
  error: string;
}

export type RecallJob =
  | { kind: 'unfinished'; progress: RecallProgress | null }
  | ({ kind: 'ended' } & RecallEnd);

/** `GET /index/progress`; null for an answer of another shape. */
export function readNow(value: unknown): RecallNow | null {
  const running = runningSchema.safeParse(value);
  if (running.success) {
    return { kind: 'running', jobId: running.data.job_id, progress: progressOf(running.data) };
  }
  const idle = idleSchema.safeParse(value);
  if (!idle.success) return null;
  const last = idle.data.last_job ?? null;
  const hasEnded = last?.status === 'completed' || last?.status === 'failed';
  return {
    kind: 'idle',
    lastJob:
      last !== null && hasEnded
        ? {
            ...{ jobId: last.job_id, indexed: last.indexed ?? null, error: '' },
            status: last.status === 'completed' ? 'completed' : 'failed',
          }
        : null,
  };
}

/** `GET /index/status/{id}`; null for an answer of another shape, or about another job. */
export function readJob(value: unknown, wanted: string): RecallJob | null {
  const parsed = jobSchema.safeParse(value);
  if (!parsed.success || parsed.data.job_id !== wanted) return null;
  const { status, indexed = null, error, progress } = parsed.data;
  if (status === 'pending' || status === 'running') {
    return { kind: 'unfinished', progress: progress ? progressOf(progress) : null };
  }
  return { kind: 'ended', jobId: wanted, status, indexed, error };
}

/** `GET /index/jobs`, newest first; null for an answer of another shape. One odd entry never fails the list. */
export function readJobIds(value: unknown): string[] | null {
  const parsed = jobsSchema.safeParse(value);
  if (!parsed.success) return null;
  return parsed.data.jobs.slice(0, MOST_JOBS).flatMap((entry) => {
    const job = jobEntrySchema.safeParse(entry);
    return job.success ? [job.data.job_id] : [];
  });
}

/** `POST /index/start`. */
export function readStarted(value: unknown): string | null {
  const parsed = startedSchema.safeParse(value);
  return parsed.success ? parsed.data.job_id : null;
}

/** What a server said with a status that is no success; empty if nothing that people can read. */
export function readSaid(value: unknown): string {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) return '';
  const { error, detail, message } = parsed.data;
  const said = error || (typeof detail === 'string' ? detail : '') || message;
  return oneLine(said.slice(0, MOST_SHOWN * 2)).slice(0, MOST_SHOWN);
}

function progressOf(fields: {
  processed?: number | null | undefined;
  total?: number | null | undefined;
  percent?: number | null | undefined;
  eta_seconds?: number | null | undefined;
  current_file: string;
}): RecallProgress {
  const total = fields.total ?? 0;
  const processed = total === 0 ? (fields.processed ?? 0) : Math.min(fields.processed ?? 0, total);
  const byFiles = total === 0 ? 0 : (processed / total) * 100;
  return {
    processed,
    total,
    percent: Math.min(100, fields.percent ?? byFiles),
    etaMs: typeof fields.eta_seconds === 'number' ? fields.eta_seconds * 1000 : null,
    currentFile: fields.current_file,
  };
}
