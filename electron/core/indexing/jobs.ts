/** The life of jobs: one runs at a time, each survives the process, each ends in words. */

import { isPilotlightError, PilotlightError, toWireError } from '../../../shared/contract/errors.ts';
import type { IndexJob, SourceRecord } from '../../../shared/models/indexing.ts';
import { plainText } from '../../../shared/models/message.ts';
import { settledWithin } from '../../../shared/settled-within.ts';
import { createChanges } from '../runtime/changes.ts';
import { postCallback } from './callback.ts';
import { createCallbackAddresses } from './callback-addresses.ts';
import type { IndexHandles } from './index-handles.ts';
import { endWords, runJob } from './job-run.ts';
import { createJobTracker, type JobTracker } from './job-tracker.ts';
import type { IndexingDependencies } from './model.ts';
import type { Sources } from './sources.ts';

export interface NewJob {
  sourceIds: string[] | null;
  full: boolean;
  rebuild: boolean;
  useGpu: boolean;
  callbackUrl: string | null;
}

export interface Jobs {
  start(job: NewJob, sources: readonly SourceRecord[]): IndexJob;
  /** The job as it then stands; one that has ended is left as it is. Throws NOT_FOUND. */
  cancel(jobId: string): IndexJob;
  require(jobId: string): IndexJob;
  list(limit: number): IndexJob[];
  current(): IndexJob | null;
  waitFor(jobId: string, signal: AbortSignal): Promise<IndexJob>;
  /** Reads the unfinished jobs; they can be cancelled then, and go on if they are resumed. */
  load(options: { resume: boolean }): void;
  /** Resolves when no run that ended holds the index of this source any more: a cancelled one takes a moment. */
  settled(sourceId: string): Promise<void>;
  stop(): Promise<void>;
}

interface Run {
  tracker: JobTracker;
  controller: AbortController;
}

const everyFolder = 'all folders';
/** How many jobs the stream shows. */
const streamed = 20;
/** How long a stop waits for a callback that is being sent. */
const callbackGraceMs = 2000;

export function createJobs({
  dependencies,
  handles,
  sources,
}: {
  dependencies: IndexingDependencies;
  handles: IndexHandles;
  sources: Sources;
}): Jobs {
  const { clock, ids, log, store, streams, activity, http } = dependencies;
  const addresses = createCallbackAddresses(dependencies.secrets);
  const ended = createChanges();
  const stopping = new AbortController();
  const callbacks = new Set<Promise<void>>();
  let run: Run | null = null;
  let waiting: IndexJob[] = [];
  /** Ends when the last run has let go of its indexes. */
  let winding: Promise<void> = Promise.resolve();
  /** Runs that may hold indexes, the current one too. */
  const holding = new Map<Promise<void>, readonly string[]>();

  for (const job of store.jobs.list(streamed).reverse()) streams.jobs.set(job.id, job);

  function find(jobId: string): IndexJob {
    const current = run?.tracker.snapshot();
    const job = current?.id === jobId ? current : store.jobs.get(jobId);
    if (!job) throw new PilotlightError('NOT_FOUND', { message: 'There is no such index job.' });
    return job;
  }

  function launch(job: IndexJob, resumed: boolean): IndexJob {
    const tracker = createJobTracker({ clock, store, streams, log, job });
    tracker.begin(resumed);
    const own: Run = { tracker, controller: new AbortController() };
    run = own;
    for (const key of streams.jobs.keys().slice(0, -streamed)) streams.jobs.delete(key);
    const before = winding;
    // A defect in one run must not keep the next from beginning.
    const ending = before.catch(() => {}).then(() => execute(own, resumed));
    winding = ending;
    holding.set(ending, job.sourceIds);
    const letGo = () => void holding.delete(ending);
    void ending.then(letGo, letGo);
    return tracker.snapshot();
  }

  async function execute(own: Run, resumed: boolean): Promise<void> {
    const { tracker, controller } = own;
    const job = tracker.snapshot();
    const signal = AbortSignal.any([controller.signal, stopping.signal]);
    try {
      signal.throwIfAborted();
      if (resumed) tracker.event('resumed', null, 'The job goes on where it was when Pilotlight ended.');
      const wanted = new Set(job.sourceIds);
      const chosen = sources.records().filter((source) => wanted.has(source.id));
      if (chosen.length === 0) throw new PilotlightError('NOTHING_TO_INDEX');
      await runJob(
        {
          dependencies,
          tracker,
          handles,
          sources: chosen,
          onSourceChanged: (sourceId) => void sources.refresh(sourceId),
        },
        signal,
      );
      signal.throwIfAborted();
      if (run === own) finish(own, 'completed', endWords(tracker.snapshot()), null);
    } catch (error) {
      if (run !== own) return;
      if (stopping.signal.aborted) {
        tracker.suspend();
        run = null;
        return;
      }
      if (!isPilotlightError(error)) log.error('An index job failed.', { job: job.id, error: String(error) });
      const wire = errorOfJob(error);
      finish(own, 'failed', wire.message, wire);
    } finally {
      if (!stopping.signal.aborted) for (const sourceId of job.sourceIds) void sources.refresh(sourceId);
    }
  }

  function finish(
    own: Run,
    status: 'completed' | 'failed' | 'cancelled',
    detail: string,
    error: IndexJob['error'],
  ): IndexJob {
    const job = own.tracker.end(status, detail, error);
    run = null;
    tell(job);
    if (job.callbackUrl !== null) callBack(job, addresses.whole(job.id, job.callbackUrl));
    ended.notify();
    const next = waiting.shift();
    if (next && !stopping.signal.aborted) launch(next, true);
    return job;
  }

  function tell(job: IndexJob): void {
    const words = { completed: 'was indexed', failed: 'could not be indexed', cancelled: 'was cancelled' };
    if (job.status === 'pending' || job.status === 'running') return;
    activity.record({
      kind: 'index',
      severity: job.status === 'completed' ? 'success' : job.status === 'failed' ? 'error' : 'info',
      message: plainText(`${named(job)} ${words[job.status]}: ${lowerFirst(job.detail)}`),
      why: plainText(job.error?.next ?? ''),
      notify: job.status !== 'cancelled',
    });
  }

  function callBack(job: IndexJob, url: string): void {
    const task = postCallback({ clock, http, log, url, job }, stopping.signal)
      .then((failure) => {
        if (failure === null) return;
        activity.record({
          kind: 'index',
          severity: 'warning',
          message: plainText(`The callback after ${named(job)} was not taken: ${failure}.`),
          why: plainText('It was tried four times.'),
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
      const names = chosen.map((source) => source.name).join(', ');
      const all = wanted.sourceIds === null && chosen.length > 1;
      const id = ids.next('job');
      const callbackUrl = addresses.keep(id, wanted.callbackUrl);
      return launch(
        {
          id,
          sourceIds: chosen.map((source) => source.id),
          label: all ? everyFolder : names,
          full: wanted.full,
          rebuild: wanted.rebuild,
          useGpu: wanted.useGpu,
          callbackUrl,
          status: 'pending',
          phase: 'queued',
          detail: 'Starting…',
          createdAt: clock.now(),
          startedAt: null,
          endedAt: null,
          files: { total: 0, done: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0 },
          vectors: 0,
          fallbackVectors: 0,
          etaMs: null,
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
          detail: 'Cancelled.',
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
      return finish(own, 'cancelled', `Cancelled; ${done.toLocaleString('en')} files were indexed.`, null);
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
      const held = [...holding].filter(([, sourceIds]) => sourceIds.includes(sourceId));
      await Promise.all(held.map(([ending]) => ending));
    },
    async stop() {
      if (callbacks.size > 0) await settledWithin(clock, callbackGraceMs, Promise.all(callbacks));
      stopping.abort(new PilotlightError('STOPPING'));
      await winding;
      await Promise.all(callbacks);
    },
  };
}

function errorOfJob(error: unknown): NonNullable<IndexJob['error']> {
  const { code, message, next, details } = toWireError(error);
  const server = details?.server;
  const unsaid = typeof server === 'string' && server !== '' && !message.includes(server);
  return { code, message: unsaid ? `${message} It said: ${server}` : message, next };
}

function named(job: IndexJob): string {
  return job.label === everyFolder ? 'All folders' : `"${job.label}"`;
}

function lowerFirst(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}
