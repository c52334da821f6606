/**
 * The record of one running job. What the pipeline reports becomes numbers and messages, saved at each change of phase
 * and otherwise at most once a second, and shown at most four times a second.
 */

import type {
  IndexJob,
  JobEvent,
  JobFailure,
  JobNodeShare,
  JobPhase,
  JobStatus,
} from '../../../shared/models/indexing.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { IgnoredFiles } from '../ports/vectors.ts';
import type { Streams } from '../runtime/streams.ts';
import { toLeftOut } from './failures.ts';
import { limitedBy } from './limited-by.ts';
import { createEta, createRateMeter, type RateMeter } from './progress.ts';
import { createSourceCounts } from './source-counts.ts';
import { createTimeMeter, type TimeReport } from './time-spent.ts';

export interface SourceCheckpoint {
  reset: boolean;
  unchanged: number;
  removed: number;
}

export interface JobTracker {
  /** The job as it is now. */
  snapshot(): IndexJob;
  begin(resumed: boolean): void;
  /** `nodeId`: the machine that is woken, or on which the model is loaded. */
  phase(phase: JobPhase, detail: Message, nodeId?: string): void;
  event(kind: JobEvent['kind'], nodeId: string | null, message: Message): void;
  checkpoint(sourceId: string): SourceCheckpoint | null;
  /** Saved at once; throws what the store throws. */
  setCheckpoint(sourceId: string, checkpoint: SourceCheckpoint): void;
  /** The result of a scan; replaces that of an earlier scan of the same source. */
  scanned(
    sourceId: string,
    found: {
      total: number;
      unchanged: number;
      removed: number;
      skipped: readonly JobFailure[];
      ignored: readonly IgnoredFiles[];
      pendingBytes: number;
    },
  ): void;
  current(path: string): void;
  readonly times: TimeReport;
  /** So many more bytes of its files have their vectors, but are not committed yet; negative if they are dropped. */
  embedded(sourceId: string, bytes: number): void;
  committed(sourceId: string, file: { sizeBytes: number; chunks: number; fallback: number }): void;
  failed(sourceId: string, file: JobFailure & { sizeBytes: number }): void;
  skipped(sourceId: string, file: JobFailure & { sizeBytes: number }): void;
  share(node: Pick<JobNodeShare, 'nodeId' | 'name' | 'placement'>, vectors: number): void;
  /** How many files of a source this job has indexed. */
  doneIn(sourceId: string): number;
  end(status: JobStatus, detail: Message, error: IndexJob['error']): IndexJob;
  /** Saves it as paused, with an event of that kind, if any; throws what the store throws, and then it runs on. */
  pause(detail: Message, kind?: JobEvent['kind']): IndexJob;
  /** Stops its timers and saves what was not shown yet. For a core that stops while the job is unfinished. */
  suspend(): void;
}

const keptFailures = 200;
const keptEvents = 100;
const saveEveryMs = 1000;
const showEveryMs = 250;

export function createJobTracker({
  clock,
  store,
  streams,
  log,
  job: initial,
}: {
  clock: Clock;
  store: Pick<Store, 'jobs'>;
  streams: Pick<Streams, 'jobs'>;
  log: Log;
  job: IndexJob;
}): JobTracker {
  let job = initial;
  const { of: countsOf, sum, files: fileCounts } = createSourceCounts();
  const shares = new Map<string, { share: Omit<JobNodeShare, 'vectorsPerSecond'>; meter: RateMeter }>();
  const leftOut = new Map<string, JobFailure[]>();
  const failures = new Map<string, JobFailure[]>();
  const eta = createEta();
  const times = createTimeMeter(clock);
  let savedAt = Number.NEGATIVE_INFINITY;
  let timer: Timer | null = null;
  let hasEnded = false;

  function leaveOut(sourceId: string, files: readonly JobFailure[]): void {
    const named = files.slice(0, keptFailures).map(({ path, code, reason }) => ({ path, code, reason }));
    leftOut.set(sourceId, named);
    job = { ...job, leftOut: [...leftOut.values()].flat().slice(0, keptFailures) };
  }

  function keepFailures(sourceId: string, files: readonly JobFailure[]): void {
    failures.set(sourceId, files.slice(0, keptFailures));
    job = { ...job, failures: [...failures.values()].flat().slice(0, keptFailures) };
  }

  function refresh(): void {
    const now = clock.monotonic();
    const doneBytes = sum('settledBytes') + sum('embeddedBytes');
    const isEmbedding = job.phase === 'embedding';
    if (isEmbedding) eta.update(now, doneBytes);
    else eta.pause();
    const nodes = [...shares.values()].map(({ share, meter }) => ({
      ...share,
      vectorsPerSecond: hasEnded ? 0 : meter.perSecond(now),
    }));
    // While each node fails or waits, the time left would only grow.
    const isStalled = nodes.length > 0 && nodes.every(({ vectorsPerSecond }) => vectorsPerSecond === 0);
    job = {
      ...job,
      files: fileCounts(),
      etaMs: isEmbedding && !isStalled ? eta.remainingMs(sum('pendingBytes') - doneBytes) : null,
      limitedBy: isEmbedding ? limitedBy(times.recent()) : null,
      nodes,
    };
  }

  function save(): void {
    savedAt = clock.monotonic();
    store.jobs.put(job);
  }

  /** Progress that cannot be saved must not stop the work, because the index has all that matters. */
  function saveLeniently(): void {
    try {
      save();
    } catch (error) {
      log.error('The progress of a job could not be saved.', { job: job.id, error: String(error) });
    }
  }

  function show(): void {
    timer?.cancel();
    timer = null;
    refresh();
    streams.jobs.set(job.id, job);
    if (clock.monotonic() - savedAt >= saveEveryMs) saveLeniently();
  }

  function touch(): void {
    if (!hasEnded) timer ??= clock.timer(showEveryMs, show);
  }

  return {
    snapshot() {
      refresh();
      return job;
    },
    begin(resumed) {
      job = {
        ...job,
        status: 'running',
        startedAt: job.startedAt ?? clock.now(),
        resumed: job.resumed || resumed,
        // What failed before the restart is tried again.
        failures: [],
        leftOut: [],
      };
      for (const { vectors, ...share } of job.nodes) {
        shares.set(`${share.nodeId} ${share.placement}`, {
          share: { ...share, vectors },
          meter: createRateMeter(),
        });
      }
      refresh();
      // A resumed job is already saved as unfinished.
      if (resumed) saveLeniently();
      else save();
      streams.jobs.set(job.id, job);
    },
    phase(phase, detail, nodeId) {
      if (hasEnded || (job.phase === phase && isSame(job.detail, detail))) return;
      const { phaseNodeId: _, ...rest } = job;
      const phaseSince = job.phase === phase ? (job.phaseSince ?? clock.now()) : clock.now();
      job = { ...rest, phase, detail, phaseSince, ...(nodeId === undefined ? {} : { phaseNodeId: nodeId }) };
      refresh();
      saveLeniently();
      show();
    },
    event(kind, nodeId, message) {
      if (hasEnded) return;
      if (kind === 'fell-back' || kind === 'recovered') eta.restart();
      job = {
        ...job,
        events: [...job.events, { at: clock.now(), kind, nodeId, message }].slice(-keptEvents),
      };
      saveLeniently();
      show();
    },
    checkpoint: (sourceId) => job.checkpoints?.[sourceId] ?? null,
    setCheckpoint(sourceId, checkpoint) {
      job = { ...job, checkpoints: { ...job.checkpoints, [sourceId]: checkpoint } };
      refresh();
      save();
    },
    scanned(sourceId, found) {
      const first = job.checkpoints?.[sourceId];
      const known = countsOf(sourceId);
      known.total = found.total;
      // What this job committed before it was interrupted is unchanged for the scan, but counts as done by this job.
      known.unchanged = first ? Math.min(first.unchanged, found.unchanged) : found.unchanged;
      known.done = found.unchanged - known.unchanged;
      known.removed = Math.max(found.removed, first?.removed ?? 0);
      known.failed = 0;
      // They are in this scan again, or will be tried again.
      keepFailures(sourceId, []);
      known.skipped = found.skipped.length;
      known.ignored = found.ignored.reduce((count, { files, folders }) => count + files + folders, 0);
      leaveOut(sourceId, [...found.ignored.map(toLeftOut), ...found.skipped]);
      known.pendingBytes = found.pendingBytes;
      known.settledBytes = 0;
      known.embeddedBytes = 0;
      touch();
    },
    times,
    embedded(sourceId, bytes) {
      countsOf(sourceId).embeddedBytes += bytes;
      touch();
    },
    current(path) {
      job = { ...job, currentFile: path };
      touch();
    },
    committed(sourceId, file) {
      const known = countsOf(sourceId);
      known.done += 1;
      known.settledBytes += file.sizeBytes;
      job = {
        ...job,
        vectors: job.vectors + file.chunks,
        fallbackVectors: job.fallbackVectors + file.fallback,
      };
      touch();
    },
    failed(sourceId, file) {
      const known = countsOf(sourceId);
      known.failed += 1;
      known.settledBytes += file.sizeBytes;
      const { path, code, reason } = file;
      keepFailures(sourceId, [...(failures.get(sourceId) ?? []), { path, code, reason }]);
      touch();
    },
    skipped(sourceId, file) {
      const known = countsOf(sourceId);
      known.skipped += 1;
      known.settledBytes += file.sizeBytes;
      leaveOut(sourceId, [...(leftOut.get(sourceId) ?? []), file]);
      touch();
    },
    share(node, vectors) {
      const key = `${node.nodeId} ${node.placement}`;
      let known = shares.get(key);
      if (!known) {
        known = { share: { ...node, vectors: 0 }, meter: createRateMeter() };
        shares.set(key, known);
      }
      known.share = { ...known.share, vectors: known.share.vectors + vectors };
      known.meter.add(clock.monotonic(), vectors);
      touch();
    },
    doneIn: (sourceId) => countsOf(sourceId).done,
    end(status, detail, error) {
      refresh();
      hasEnded = true;
      timer?.cancel();
      job = {
        ...job,
        status,
        phase: 'done',
        detail,
        error,
        endedAt: clock.now(),
        currentFile: '',
        etaMs: null,
        limitedBy: limitedBy(times.total()),
        nodes: job.nodes.map((node) => ({ ...node, vectorsPerSecond: 0 })),
      };
      saveLeniently();
      streams.jobs.set(job.id, job);
      return job;
    },
    pause(detail, kind) {
      refresh();
      const before = job;
      const { phaseNodeId: _, ...rest } = job;
      job = {
        ...rest,
        ...{
          status: 'paused',
          phase: 'queued',
          detail,
          phaseSince: clock.now(),
          currentFile: '',
          etaMs: null,
        },
        limitedBy: null,
        nodes: job.nodes.map((node) => ({ ...node, vectorsPerSecond: 0 })),
        ...(kind !== undefined && {
          events: [...job.events, { at: clock.now(), kind, nodeId: null, message: detail }],
        }),
      };
      try {
        save();
      } catch (error) {
        job = before;
        throw error;
      }
      hasEnded = true;
      timer?.cancel();
      streams.jobs.set(job.id, job);
      return job;
    },
    suspend() {
      refresh();
      hasEnded = true;
      timer?.cancel();
      saveLeniently();
    },
  };
}

const isSame = (one: Message, other: Message) => JSON.stringify(one) === JSON.stringify(other);
