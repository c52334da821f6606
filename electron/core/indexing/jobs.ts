/**
 * The life of jobs: one runs at a time, each survives a restart, and each ends with a message. A short one of a folder
 * that the running job does not need may run beside it, between two of its files.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
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
import { newJobRecord } from './new-job.ts';
import type { QueryTurns } from './query-turns.ts';
import { isIngested, type Sources } from './sources.ts';

export interface NewJob {
  sourceIds: string[] | null;
  full: boolean;
  rebuild: boolean;
  useGpu: boolean;
  callbackUrl: string | null;
  /** It is short, and need not wait for a job of other folders; see `hasRoom`. */
  beside?: boolean;
}

export interface Jobs {
  /** Throws JOB_RUNNING. */
  start(job: NewJob, sources: readonly SourceRecord[]): IndexJob;
  /** Returns the job as it then is; one that has ended stays unchanged. Throws NOT_FOUND. */
  cancel(jobId: string): IndexJob;
  /** Stops a job until it is resumed. Returns one that does not run unchanged. Throws NOT_FOUND, DISK_FULL. */
  pause(jobId: string): IndexJob;
  /** Continues a paused job; others are returned unchanged. Throws NOT_FOUND, JOB_RUNNING. */
  resume(jobId: string): IndexJob;
  /** Continues without a GPU, and waits for none any more. Throws NOT_FOUND, DISK_FULL. */
  useCpu(jobId: string): IndexJob;
  require(jobId: string): IndexJob;
  list(limit: number): IndexJob[];
  current(): IndexJob | null;
  /** The running job that this source belongs to; null without one. */
  holding(sourceId: string): IndexJob | null;
  /** Whether a job of this source may start beside others. */
  hasRoom(sourceId: string): boolean;
  /** Resolves when it may. Ask again: another may have started. */
  waitForRoom(sourceId: string, signal: AbortSignal): Promise<void>;
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
  /** Sources that it has not finished yet. */
  needs: Set<string>;
}

const streamed = 20;
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
  /** A short job beside it. */
  let guest: Run | null = null;
  let waiting: IndexJob[] = [];
  /** Runs that may be using indexes, including the current one. */
  const inUse = new Map<Promise<void>, { by: Run; sourceIds: readonly string[] }>();

  for (const job of store.jobs.list(streamed).reverse()) streams.jobs.set(job.id, job);

  function find(jobId: string): IndexJob {
    const job = running(jobId)?.tracker.snapshot() ?? store.jobs.get(jobId);
    if (!job) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_JOB') });
    return job;
  }

  const running = (jobId: string): Run | null =>
    [run, guest].find((one) => one?.tracker.snapshot().id === jobId) ?? null;

  function pausedOf(jobId: string): IndexJob | null {
    const job = running(jobId) === null ? store.jobs.get(jobId) : null;
    return job?.status === 'paused' ? job : null;
  }

  const isRunning = (own: Run): boolean => run === own || guest === own;

  const using = (sourceId: string): Run | null =>
    [run, guest].find((one) => one?.needs.has(sourceId)) ?? null;

  const hasRoom = (sourceId: string): boolean => guest === null && using(sourceId) === null;

  /** `resumed`: why it was interrupted; null for a new one. */
  function launch(job: IndexJob, resumed: Message | null): IndexJob {
    const tracker = createJobTracker({ clock, store, streams, log, job });
    tracker.begin(resumed !== null);
    const own: Run = { tracker, controller: new AbortController(), needs: new Set(job.sourceIds) };
    const beside = guest === null ? [] : [guest];
    if (run === null) run = own;
    else {
      beside.push(run);
      guest = own;
    }
    for (const key of streams.jobs.keys().slice(0, -streamed)) streams.jobs.delete(key);
    // One that was cancelled may take a moment. A defect in one run must not prevent the next from starting.
    const before = [...inUse].flatMap(([ending, { by }]) => (beside.includes(by) ? [] : [ending]));
    const ending = Promise.allSettled(before).then(() => execute(own, resumed));
    inUse.set(ending, { by: own, sourceIds: job.sourceIds });
    const release = () => void inUse.delete(ending);
    void ending.then(release, release);
    return tracker.snapshot();
  }

  async function execute(own: Run, resumed: Message | null): Promise<void> {
    const { tracker, controller } = own;
    const job = tracker.snapshot();
    using either = eitherOf(controller.signal, stopping.signal);
    const { signal } = either;
    try {
      signal.throwIfAborted();
      if (resumed !== null) tracker.event('resumed', null, resumed);
      const wanted = new Set(job.sourceIds);
      const chosen = sources.records().filter((source) => wanted.has(source.id));
      if (chosen.length === 0) throw new PilotlightError('NOTHING_TO_INDEX');
      await runJob(
        {
          ...{ dependencies, tracker, handles, queries, sources: chosen },
          onSourceChanged: (sourceId) => void sources.refresh(sourceId),
          onFailedAgain: sources.failedAgain,
          onSourceDone(sourceId) {
            own.needs.delete(sourceId);
            ended.notify();
          },
          turn: () => turnOf(own, signal),
        },
        signal,
      );
      signal.throwIfAborted();
      if (isRunning(own))
        finish(own, 'completed', fact('FILES_INDEXED', fileCounts(tracker.snapshot())), null);
    } catch (error) {
      if (!isRunning(own)) return;
      if (stopping.signal.aborted) {
        tracker.suspend();
        leave(own);
        return;
      }
      if (!isPilotlightError(error)) log.error('An index job failed.', { job: job.id, error: String(error) });
      const ending = jobError(error);
      finish(own, 'failed', ending.detail, ending.error);
    } finally {
      if (!stopping.signal.aborted) for (const sourceId of job.sourceIds) void sources.refresh(sourceId);
    }
  }

  /** A job makes room for a short one beside it. */
  async function turnOf(own: Run, signal: AbortSignal) {
    while (guest !== null && guest !== own) await ended.wait(signal);
  }

  /** Ends the run, but not the job: what it has committed is kept, and it can be launched again. */
  function interrupt(own: Run, why: Message, event?: 'paused'): IndexJob {
    const job = own.tracker.pause(why, event);
    leave(own);
    own.controller.abort(new PilotlightError('CANCELLED'));
    ended.notify();
    return job;
  }

  /** Throws JOB_RUNNING if another job runs, or works on a folder of this one. */
  function refuseIfBusy(sourceIds: readonly string[]): void {
    const other = run ?? sourceIds.map(using).find((one) => one !== null);
    if (other) throw new PilotlightError('JOB_RUNNING', { details: { jobId: other.tracker.snapshot().id } });
  }

  function leave(own: Run): void {
    if (run === own) run = null;
    if (guest === own) guest = null;
  }

  /** The next one that waits, unless a folder of it is in use. */
  function launchNext(): void {
    const [next] = waiting;
    if (next === undefined || run !== null || stopping.signal.aborted) return;
    if (next.sourceIds.some((id) => using(id) !== null)) return;
    waiting = waiting.slice(1);
    launch(next, fact('JOB_RESUMED'));
  }

  function finish(
    own: Run,
    status: 'completed' | 'failed' | 'cancelled',
    detail: Message,
    error: IndexJob['error'],
  ): IndexJob {
    const job = own.tracker.end(status, detail, error);
    leave(own);
    // The texts of tasks are indexed every few seconds; only what fails is worth an entry.
    const isQuiet = status === 'completed' && isOnlyIngested(job);
    const entry = isQuiet ? null : jobActivity(job);
    if (entry !== null) activity.record(entry);
    if (job.callbackUrl !== null) sendCallback(job, addresses.whole(job.id, job.callbackUrl));
    ended.notify();
    launchNext();
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
      const sourceIds = chosen.map((source) => source.id);
      if (wanted.beside !== true || !sourceIds.every(hasRoom)) refuseIfBusy(sourceIds);
      const names = chosen.map(({ name }) => name);
      const id = ids.next('job');
      const callbackUrl = addresses.keep(id, wanted.callbackUrl);
      const { full, rebuild, useGpu } = wanted;
      const label = jobLabel(names, wanted.sourceIds === null);
      return launch(
        newJobRecord({ id, sourceIds, label, full, rebuild, useGpu, callbackUrl, createdAt: clock.now() }),
        null,
      );
    },
    pause(jobId) {
      const job = find(jobId);
      const own = running(jobId);
      if (own === null) return job;
      const paused = interrupt(own, fact('JOB_PAUSED'), 'paused');
      launchNext();
      return paused;
    },
    resume(jobId) {
      const job = find(jobId);
      if (job.status !== 'paused') return job;
      if (stopping.signal.aborted) throw new PilotlightError('STOPPING');
      refuseIfBusy(job.sourceIds);
      return launch(job, fact('JOB_UNPAUSED'));
    },
    useCpu(jobId) {
      const job = find(jobId);
      const own = running(jobId);
      if (own === null || !job.useGpu) return job;
      return launch({ ...interrupt(own, fact('JOB_USES_CPU')), useGpu: false }, fact('JOB_USES_CPU'));
    },
    cancel(jobId) {
      const queued = waiting.find((job) => job.id === jobId) ?? pausedOf(jobId);
      if (queued) {
        waiting = waiting.filter((job) => job.id !== jobId);
        const job: IndexJob = {
          ...queued,
          status: 'cancelled',
          phase: 'done',
          detail: fact('JOB_CANCELLED', { files: queued.status === 'paused' ? queued.files.done : null }),
          endedAt: clock.now(),
        };
        store.jobs.put(job);
        addresses.forget(job.id);
        streams.jobs.set(job.id, job);
        return job;
      }
      const job = find(jobId);
      const own = running(jobId);
      if (own === null) return job;
      own.controller.abort(new PilotlightError('CANCELLED'));
      const { done } = own.tracker.snapshot().files;
      return finish(own, 'cancelled', fact('JOB_CANCELLED', { files: done }), null);
    },
    require: find,
    list(limit) {
      return store.jobs.list(limit).map((job) => running(job.id)?.tracker.snapshot() ?? job);
    },
    current: () => (run ?? guest)?.tracker.snapshot() ?? null,
    holding: (sourceId) =>
      [run, guest]
        .flatMap((one) => one?.tracker.snapshot() ?? [])
        .find(({ sourceIds }) => sourceIds.includes(sourceId)) ?? null,
    hasRoom,
    waitForRoom: (sourceId, signal) => (hasRoom(sourceId) ? Promise.resolve() : ended.wait(signal)),
    async waitFor(jobId, signal) {
      for (;;) {
        const job = find(jobId);
        if (job.endedAt !== null) return job;
        await ended.wait(signal);
      }
    },
    load({ resume }) {
      const unfinished = store.jobs.unfinished().filter((job) => running(job.id) === null);
      waiting = unfinished;
      if (resume) launchNext();
    },
    async settled(sourceId) {
      const held = [...inUse].filter(([, { sourceIds }]) => sourceIds.includes(sourceId));
      await Promise.all(held.map(([ending]) => ending));
    },
    async stop() {
      if (callbacks.size > 0) await settledWithin(clock, callbackGraceMs, Promise.all(callbacks));
      stopping.abort(new PilotlightError('STOPPING'));
      await Promise.allSettled([...inUse.keys()]);
      await Promise.all(callbacks);
    },
  };
}
