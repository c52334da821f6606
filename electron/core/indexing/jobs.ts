/** The life of jobs: one runs at a time, each survives a restart, and each ends with a message. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { IndexJob, SourceRecord } from '../../../shared/models/indexing.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { settledWithin } from '../../../shared/settled-within.ts';
import { createChanges } from '../runtime/changes.ts';
import { postCallback } from './callback.ts';
import { createCallbackAddresses } from './callback-addresses.ts';
import type { IndexHandles } from './index-handles.ts';
import { fileCounts, jobActivity, jobError, jobLabel, labelFolders } from './job-outcome.ts';
import { runJob } from './job-run.ts';
import { createJobTracker, type JobTracker } from './job-tracker.ts';
import type { IndexingDependencies } from './model.ts';
import type { QueryTurns } from './query-turns.ts';
import { isIngested, type Sources } from './sources.ts';

export interface NewJob {
  sourceIds: string[] | null;
  full: boolean;
  rebuild: boolean;
  useGpu: boolean;
  callbackUrl: string | null;
}

export interface Jobs {
  start(job: NewJob, sources: readonly SourceRecord[]): IndexJob;
  /** Returns the job as it then is; one that has ended stays unchanged. Throws NOT_FOUND. */
  cancel(jobId: string): IndexJob;
  require(jobId: string): IndexJob;
  list(limit: number): IndexJob[];
  current(): IndexJob | null;
  waitFor(jobId: string, signal: AbortSignal): Promise<IndexJob>;
  /** Reads the unfinished jobs. They can then be cancelled, and continue if they are resumed. */
  load(options: { resume: boolean }): void;
  /** Resolves when no run that has ended uses the index of this source any more: a cancelled one takes a moment. */
  settled(sourceId: string): Promise<void>;
  stop(): Promise<void>;
}

interface Run {
  tracker: JobTracker;
  controller: AbortController;
}

/** How many jobs the stream shows. */
const streamed = 20;
/** How long a stop waits for a callback that is being sent. */
const callbackGraceMs = 2000;

export function createJobs({
  dependencies,
  handles,
  queries,
  sources,
}: {
  dependencies: IndexingDependencies;
  handles: IndexHandles;
  queries: QueryTurns;
  sources: Sources;
}): Jobs {
  const { clock, ids, log, store, streams, activity, http } = dependencies;
  const addresses = createCallbackAddresses(dependencies.secrets);
  const ended = createChanges();
  const stopping = new AbortController();
  const callbacks = new Set<Promise<void>>();
  let run: Run | null = null;
  let waiting: IndexJob[] = [];
  /** Resolves when the last run has released its indexes. */
  let lastReleased: Promise<void> = Promise.resolve();
  /** Runs that may be using indexes, including the current one. */
  const inUse = new Map<Promise<void>, readonly string[]>();

  for (const job of store.jobs.list(streamed).reverse()) streams.jobs.set(job.id, job);

  function find(jobId: string): IndexJob {
    const current = run?.tracker.snapshot();
    const job = current?.id === jobId ? current : store.jobs.get(jobId);
    if (!job) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_JOB') });
    return job;
  }

  function launch(job: IndexJob, resumed: boolean): IndexJob {
    const tracker = createJobTracker({ clock, store, streams, log, job });
    tracker.begin(resumed);
    const own: Run = { tracker, controller: new AbortController() };
    run = own;
    for (const key of streams.jobs.keys().slice(0, -streamed)) streams.jobs.delete(key);
    const before = lastReleased;
    // A defect in one run must not prevent the next from starting.
    const ending = before.catch(() => {}).then(() => execute(own, resumed));
    lastReleased = ending;
    inUse.set(ending, job.sourceIds);
    const release = () => void inUse.delete(ending);
    void ending.then(release, release);
    return tracker.snapshot();
  }

  async function execute(own: Run, resumed: boolean): Promise<void> {
    const { tracker, controller } = own;
    const job = tracker.snapshot();
    const signal = AbortSignal.any([controller.signal, stopping.signal]);
    try {
      signal.throwIfAborted();
      if (resumed) tracker.event('resumed', null, fact('JOB_RESUMED'));
      const wanted = new Set(job.sourceIds);
      const chosen = sources.records().filter((source) => wanted.has(source.id));
      if (chosen.length === 0) throw new PilotlightError('NOTHING_TO_INDEX');
      await runJob(
        {
          dependencies,
          tracker,
          handles,
          queries,
          sources: chosen,
          onSourceChanged: (sourceId) => void sources.refresh(sourceId),
        },
        signal,
      );
      signal.throwIfAborted();
      if (run === own) finish(own, 'completed', fact('FILES_INDEXED', fileCounts(tracker.snapshot())), null);
    } catch (error) {
      if (run !== own) return;
      if (stopping.signal.aborted) {
        tracker.suspend();
        run = null;
        return;
      }
      if (!isPilotlightError(error)) log.error('An index job failed.', { job: job.id, error: String(error) });
      const ending = jobError(error);
      finish(own, 'failed', ending.detail, ending.error);
    } finally {
      if (!stopping.signal.aborted) for (const sourceId of job.sourceIds) void sources.refresh(sourceId);
    }
  }

  function finish(
    own: Run,
    status: 'completed' | 'failed' | 'cancelled',
    detail: Message,
    error: IndexJob['error'],
  ): IndexJob {
    const job = own.tracker.end(status, detail, error);
    run = null;
    // The texts of tasks are indexed every few seconds; only what fails is worth an entry.
    const isQuiet = status === 'completed' && isOnlyIngested(job);
    const entry = isQuiet ? null : jobActivity(job);
    if (entry !== null) activity.record(entry);
    if (job.callbackUrl !== null) sendCallback(job, addresses.whole(job.id, job.callbackUrl));
    ended.notify();
    const next = waiting.shift();
    if (next && !stopping.signal.aborted) launch(next, true);
    return job;
  }

  function isOnlyIngested({ sourceIds }: IndexJob): boolean {
    const ingested = sources.records().find(isIngested);
    return sourceIds.every((id) => id === ingested?.id);
  }

  function sendCallback(job: IndexJob, url: string): void {
    const task = postCallback({ clock, http, log, url, job }, stopping.signal)
      .then((failure) => {
        if (failure === null) return;
        activity.record({
          kind: 'index',
          severity: 'warning',
          message: fact('CALLBACK_FAILED', { folders: labelFolders(job.label), reason: failure.reason }),
          why: fact('CALLBACK_TRIED', { times: failure.attempts }),
        });
      })
      .catch(() => undefined)
      .finally(() => {
        callbacks.delete(task);
        addresses.forget(job.id);
      });
    callbacks.add(task);
  }

  return {
    start(wanted, chosen) {
      if (stopping.signal.aborted) throw new PilotlightError('STOPPING');
      if (run) throw new PilotlightError('JOB_RUNNING', { details: { jobId: run.tracker.snapshot().id } });
      const names = chosen.map((source) => source.name);
      const id = ids.next('job');
      const callbackUrl = addresses.keep(id, wanted.callbackUrl);
      return launch(
        {
          id,
          sourceIds: chosen.map((source) => source.id),
          label: jobLabel(names, wanted.sourceIds === null),
          full: wanted.full,
          rebuild: wanted.rebuild,
          useGpu: wanted.useGpu,
          callbackUrl,
          status: 'pending',
          phase: 'queued',
          detail: fact('JOB_STARTING'),
          createdAt: clock.now(),
          startedAt: null,
          endedAt: null,
          files: { total: 0, done: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0 },
          vectors: 0,
          fallbackVectors: 0,
          etaMs: null,
          limitedBy: null,
          currentFile: '',
          nodes: [],
          events: [],
          failures: [],
          leftOut: [],
          error: null,
          resumed: false,
        },
        false,
      );
    },
    cancel(jobId) {
      const queued = waiting.find((job) => job.id === jobId);
      if (queued) {
        waiting = waiting.filter((job) => job !== queued);
        const job: IndexJob = {
          ...queued,
          status: 'cancelled',
          phase: 'done',
          detail: fact('JOB_CANCELLED', { files: null }),
          endedAt: clock.now(),
        };
        store.jobs.put(job);
        addresses.forget(job.id);
        streams.jobs.set(job.id, job);
        return job;
      }
      const job = find(jobId);
      if (run?.tracker.snapshot().id !== jobId) return job;
      const own = run;
      own.controller.abort(new PilotlightError('CANCELLED'));
      const { done } = own.tracker.snapshot().files;
      return finish(own, 'cancelled', fact('JOB_CANCELLED', { files: done }), null);
    },
    require: find,
    list(limit) {
      const current = run?.tracker.snapshot();
      return store.jobs.list(limit).map((job) => (job.id === current?.id ? current : job));
    },
    current: () => run?.tracker.snapshot() ?? null,
    async waitFor(jobId, signal) {
      for (;;) {
        const job = find(jobId);
        if (job.endedAt !== null) return job;
        await ended.wait(signal);
      }
    },
    load({ resume }) {
      const unfinished = store.jobs.unfinished().filter((job) => job.id !== run?.tracker.snapshot().id);
      waiting = unfinished;
      const first = run || !resume ? undefined : waiting.shift();
      if (first) launch(first, true);
    },
    async settled(sourceId) {
      const held = [...inUse].filter(([, sourceIds]) => sourceIds.includes(sourceId));
      await Promise.all(held.map(([ending]) => ending));
    },
    async stop() {
      if (callbacks.size > 0) await settledWithin(clock, callbackGraceMs, Promise.all(callbacks));
      stopping.abort(new PilotlightError('STOPPING'));
      await lastReleased;
      await Promise.all(callbacks);
    },
  };
}
