/** One job, from its first scan to its last commit, one source after another. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { BUILTIN_DIMENSIONS, embedderId, type SourceRecord } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import { createHealthTracker } from '../acquire/node-health.ts';
import type { ScannedFile, ScanResult, SourceIndex } from '../ports/vectors.ts';
import type { EmbeddingReport } from './embedding-pool.ts';
import { embeddingSource } from './embedding-source.ts';
import { codeOf, isSkip, reasonOf } from './failures.ts';
import type { IndexHandles } from './index-handles.ts';
import type { JobTracker } from './job-tracker.ts';
import type { IndexingDependencies } from './model.ts';
import { embedBuiltin, embedOnNodes, type FileHooks } from './pipeline.ts';
import type { QueryTurns } from './query-turns.ts';
import { isIngested } from './sources.ts';

export interface JobRunOptions {
  dependencies: IndexingDependencies;
  tracker: JobTracker;
  handles: IndexHandles;
  queries: QueryTurns;
  sources: readonly SourceRecord[];
  /** Called when the index of a source has changed. */
  onSourceChanged(sourceId: string): void;
  /** A file was read, and failed. */
  onFailedAgain(sourceId: string, path: string): void;
  /** It will not use the index of this source any more. */
  onSourceDone(sourceId: string): void;
  /** Resolves when it may continue with another file. */
  turn(): Promise<void>;
}

const workerRestarts = 3;
/** After these the worker, or its successor, can continue with the rest. */
const RECOVERABLE: ReadonlySet<string> = new Set([
  'WORKER_LOST',
  'INDEX_CORRUPT',
  'INDEX_BUSY',
  'FILE_TOO_COSTLY',
]);
/** How often the size of an index is read for the panel while it grows, milliseconds. */
const sizeShownEveryMs = 2000;

/** Resolves when everything that can be committed is; rejects with the signal's reason or with what ended the job. */
export async function runJob(options: JobRunOptions, signal: AbortSignal): Promise<void> {
  const { dependencies, tracker, handles, sources, onSourceChanged, onFailedAgain } = options;
  const { clock, fleet, folders, settings, telemetry, activity } = dependencies;
  /** Node health as learned by this job, kept from one source to the next. */
  const health = createHealthTracker({ clock });
  const job = tracker.snapshot();
  let sizeShownAt = Number.NEGATIVE_INFINITY;
  /** Files that were committed, failed or skipped. */
  let settled = 0;

  const report: EmbeddingReport = {
    phase: tracker.phase,
    event: tracker.event,
    share: tracker.share,
    times: tracker.times,
    record: (entry) => activity.record({ kind: 'index', ...entry }),
  };

  /** The worker restarts after a crash, and so does the task, a limited number of times without progress. */
  async function surviving<T>(source: SourceRecord, task: () => Promise<T>): Promise<T> {
    let lost = 0;
    for (;;) {
      const before = settled;
      try {
        return await task();
      } catch (error) {
        const code = codeOf(error);
        if (signal.aborted || !RECOVERABLE.has(code)) throw error;
        // A file that was given up is not read again, which is progress too.
        if (code === 'FILE_TOO_COSTLY') lost = 0;
        else lost = settled > before ? 1 : lost + 1;
        if (lost > workerRestarts) throw error;
        tracker.event('note', null, fact('JOB_CONTINUES_AFTER', { error: reasonOf(error) }));
        await handles.forget(source.id);
        await clock.sleep(100 * 2 ** lost, signal);
      }
    }
  }

  async function scan(source: SourceRecord): Promise<{ index: SourceIndex; pending: ScannedFile[] }> {
    signal.throwIfAborted();
    const scanning = (files: number | null) =>
      tracker.phase('scanning', fact('SCANNING_FOLDER', { folder: source.name, files }));
    scanning(null);
    const index = await handles.get(source);
    const checkpoint = tracker.checkpoint(source.id);
    const wanted = embedderId(source.embedder);
    const mustReset = (job.rebuild && checkpoint === null) || (await index.meta()).embedderId !== wanted;
    const empty = () =>
      index.reset({
        id: wanted,
        dimensions: source.embedder.kind === 'builtin' ? BUILTIN_DIMENSIONS : null,
      });
    let found: ScanResult;
    try {
      // The folder of the ingested texts is our own, and refused to anyone who names it.
      if (!isIngested(source)) await folders.resolve(source.path);
      if (mustReset) await empty();
      found = await index.scan(
        {
          full: job.full && checkpoint === null,
          ignoreFiles: source.ignoreFiles ?? true,
          patterns: source.ignorePatterns ?? [],
        },
        signal,
        scanning,
      );
    } catch (error) {
      // An earlier version may have indexed it.
      if (codeOf(error) === 'OWN_DATA_FOLDER') await empty();
      throw error;
    }
    if (checkpoint === null || mustReset) {
      tracker.setCheckpoint(source.id, {
        reset: true,
        unchanged: found.unchanged,
        removed: found.removed,
      });
    }
    recordScan(source, found);
    return { index, pending: found.pending };
  }

  function recordScan(source: SourceRecord, found: ScanResult): void {
    const failed = found.skipped.filter((file) => !isSkip(file.code));
    const leftOut = found.skipped.filter((file) => isSkip(file.code));
    tracker.scanned(source.id, {
      total: found.total + found.skipped.length,
      unchanged: found.unchanged,
      removed: found.removed,
      skipped: leftOut,
      ignored: found.ignored ?? [],
      pendingBytes: found.pending.reduce((sum, file) => sum + file.sizeBytes, 0),
    });
    for (const file of failed) tracker.failed(source.id, { ...file, sizeBytes: 0 });
  }

  function hooksOf(source: SourceRecord): FileHooks {
    return {
      times: tracker.times,
      turn: options.turn,
      current: tracker.current,
      embedded: (bytes) => tracker.embedded(source.id, bytes),
      committed: (file) => {
        settled += 1;
        tracker.committed(source.id, file);
        const now = clock.monotonic();
        if (now - sizeShownAt < sizeShownEveryMs) return;
        sizeShownAt = now;
        onSourceChanged(source.id);
      },
      failed: (file) => {
        settled += 1;
        onFailedAgain(source.id, file.path);
        tracker.failed(source.id, file);
      },
      skipped: (file) => {
        settled += 1;
        tracker.skipped(source.id, file);
      },
    };
  }

  async function embed(source: SourceRecord, index: SourceIndex, pending: ScannedFile[]): Promise<void> {
    if (pending.length === 0) return;
    const hooks = hooksOf(source);
    if (source.embedder.kind === 'builtin') {
      const here = fleet.list().find((node) => node.kind === 'this-computer');
      const node = {
        nodeId: here?.id ?? 'builtin',
        name: here?.name ?? 'This computer',
        placement: 'builtin' as const,
      };
      const nodes = [{ node: node.name, on: 'builtin' as const }];
      tracker.phase('embedding', fact('FIRST_BATCH_RUNNING', { nodes }));
      let isFirst = true;
      const onVectors = (count: number) => {
        if (isFirst) tracker.phase('embedding', fact('EMBEDDING_ON', { nodes }));
        isFirst = false;
        tracker.share(node, count);
        telemetry.recordVectors(node.nodeId, count);
      };
      return embedBuiltin({ index, pending, hooks, onVectors }, signal);
    }
    const { model, ...from } = embeddingSource(dependencies, source.embedder);
    if (source.embedder.kind === 'runner') dependencies.runners.need();
    const pool = {
      dependencies: { ...dependencies, ...from },
      source,
      model,
      useGpu: job.useGpu,
      batchSize: settings.current().index.batchSize,
      queries: options.queries,
      health,
      report,
    };
    return embedOnNodes({ index, pending, hooks, pool }, signal);
  }

  type Plan = { source: SourceRecord; index: SourceIndex; pending: ScannedFile[] };
  const plans: Plan[] = [];
  // Texts that arrive while the other folders take their time need not wait for them.
  for (const source of [...sources].sort(
    (one, other) => Number(isIngested(other)) - Number(isIngested(one)),
  )) {
    try {
      plans.push({ source, ...(await surviving(source, () => scan(source))) });
    } catch (error) {
      // One folder that is missing, for example on a drive that is not connected, does not stop the others.
      if (signal.aborted || sources.length === 1 || !isFolderError(error)) throw error;
      tracker.scanned(source.id, {
        total: 1,
        unchanged: 0,
        removed: 0,
        skipped: [],
        ignored: [],
        pendingBytes: 0,
      });
      tracker.failed(source.id, {
        path: source.path,
        sizeBytes: 0,
        code: codeOf(error),
        reason: reasonOf(error),
      });
      options.onSourceDone(source.id);
    }
  }
  for (const { source, ...plan } of plans) {
    let next: Omit<Plan, 'source'> | null = plan;
    await surviving(source, async () => {
      const { index, pending } = next ?? (await scan(source));
      next = null;
      await embed(source, index, pending);
      // What it does is only for speed.
      await index.finishRun().catch(() => {});
    });
    onSourceChanged(source.id);
    options.onSourceDone(source.id);
  }
  tracker.phase('finishing', fact('JOB_FINISHING'));
}

const folderErrors: ReadonlySet<string> = new Set([
  'FOLDER_NOT_FOUND',
  'NOT_A_FOLDER',
  'FOLDER_UNREADABLE',
  'OWN_DATA_FOLDER',
]);

function isFolderError(error: unknown): boolean {
  return isPilotlightError(error) && folderErrors.has(error.code);
}
