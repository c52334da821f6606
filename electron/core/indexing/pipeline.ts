/**
 * The files of one source on their way into the index: prepared ahead by a bounded amount, embedded in batches that
 * span files, and committed in one transaction for each file as soon as all its vectors are there.
 */
import type { JobFailure } from '../../../shared/models/indexing.ts';
import type { FileProblem, PreparedFile, ScannedFile, SourceIndex } from '../ports/vectors.ts';
import { createChanges } from '../runtime/changes.ts';
import { type EmbeddingPoolOptions, runEmbeddingPool } from './embedding-pool.ts';
import { classifyFileFailure, codeOf, isSkip, reasonOf } from './failures.ts';
import type { TimeReport } from './time-spent.ts';
import { createWorkQueue, embeddedBytes, type OpenFile, openFile, takeVector } from './work-queue.ts';

export interface FileHooks {
  times: Pick<TimeReport, 'read' | 'cut' | 'stored'>;
  /** Resolves when another file may begin. */
  turn(): Promise<void>;
  current(path: string): void;
  /** So many more bytes of files have their vectors; negative if they are dropped again. */
  embedded(bytes: number): void;
  committed(file: { path: string; sizeBytes: number; chunks: number; fallback: number }): void;
  failed(file: JobFailure & { sizeBytes: number }): void;
  /** It cannot be indexed as it is. */
  skipped(file: JobFailure & { sizeBytes: number }): void;
}

export interface PipelineOptions {
  index: SourceIndex;
  pending: readonly ScannedFile[];
  hooks: FileHooks;
}

const preparers = 4;
/** How many batches of texts wait ahead of the nodes. */
const batchesAhead = 12;
const maxCommits = 64;
/** Files that are prepared and not committed yet; the worker accepts a few more. */
const maxOpen = 900;
const builtinGroup = 32;

/**
 * Embeds on the nodes of the fleet. Resolves when every file is committed, failed or skipped. Rejects with the signal's
 * reason, or with what ends the run (WORKER_LOST, DISK_FULL, INDEX_CORRUPT, …); then discards what was prepared but not
 * committed.
 */
export async function embedOnNodes(
  options: PipelineOptions & { pool: Omit<EmbeddingPoolOptions, 'queue' | 'onVectors' | 'onRefused'> },
  signal: AbortSignal,
): Promise<void> {
  const { index, pending, hooks } = options;
  if (pending.length === 0) return;
  const { telemetry } = options.pool.dependencies;
  const queue = createWorkQueue((texts) => telemetry.recordQueue('indexing', texts));
  const changes = createChanges();
  const ending = new AbortController();
  const running = AbortSignal.any([signal, ending.signal]);
  const open = new Set<OpenFile>();
  const commits = new Set<Promise<void>>();
  const finished = Promise.withResolvers<void>();
  let nextIndex = 0;
  let preparing = preparers;
  let settled = 0;

  function settle(): void {
    settled += 1;
    if (settled === pending.length) finished.resolve();
  }

  /** Reports a file that could not be indexed; ends the run if the file is not the cause. */
  function giveUp(file: ScannedFile, error: unknown): void {
    const kind = classifyFileFailure(error);
    if (kind === 'fatal') {
      finished.reject(error);
      return;
    }
    const problem = { code: codeOf(error), reason: reasonOf(error) };
    if (kind === 'skipped') hooks.skipped({ path: file.path, sizeBytes: file.sizeBytes, ...problem });
    else hooks.failed({ path: file.path, sizeBytes: file.sizeBytes, ...problem });
    settle();
  }

  async function prepareFile(file: ScannedFile): Promise<void> {
    let prepared: PreparedFile;
    try {
      const { readMs, cutMs, ...rest } = await prepareSettled(index, file.path, running);
      hooks.times.read(readMs);
      hooks.times.cut(cutMs);
      prepared = rest;
    } catch (error) {
      if (!running.aborted) giveUp(file, error);
      return;
    }
    hooks.current(file.path);
    const opened = openFile(prepared, file.sizeBytes);
    open.add(opened);
    if (running.aborted) return;
    if (opened.missing === 0) commit(opened);
    else queue.add(opened);
  }

  async function prepareAll(room: number): Promise<void> {
    try {
      for (let file = pending[nextIndex++]; file; file = pending[nextIndex++]) {
        await hooks.turn();
        await queue.room(room, running);
        while (commits.size >= maxCommits || open.size >= maxOpen) await changes.wait(running);
        await prepareFile(file);
      }
    } catch (error) {
      if (!running.aborted) finished.reject(error);
    } finally {
      preparing -= 1;
      if (preparing === 0) queue.close();
    }
  }

  function commit(file: OpenFile): void {
    const task = commitFile(file).finally(() => {
      commits.delete(task);
      changes.notify();
    });
    commits.add(task);
  }

  async function commitFile(file: OpenFile): Promise<void> {
    const { token, path } = file.prepared;
    try {
      const vectors = file.vectors.filter((vector) => vector !== null);
      const { chunks, storeMs } = await index.commit(token, vectors);
      hooks.times.stored(storeMs);
      open.delete(file);
      hooks.embedded(-embeddedBytes(file));
      hooks.committed({ path, sizeBytes: file.sizeBytes, chunks, fallback: file.fallback });
      settle();
    } catch (error) {
      if (classifyFileFailure(error) !== 'fatal') await discard(file);
      giveUp({ path, sizeBytes: file.sizeBytes, modifiedMs: 0 }, error);
    }
  }

  async function discard(file: OpenFile): Promise<void> {
    if (open.delete(file)) hooks.embedded(-embeddedBytes(file));
    changes.notify();
    await index.discard(file.prepared.token).catch(() => undefined);
  }

  const pool = runEmbeddingPool(
    {
      ...options.pool,
      queue,
      onVectors(batch, vectors, fallback) {
        for (const [position, text] of batch.texts.entries()) {
          const vector = vectors[position];
          if (!vector) continue;
          const before = embeddedBytes(text.file);
          const isWhole = takeVector(text, vector, fallback);
          hooks.embedded(embeddedBytes(text.file) - before);
          if (isWhole) commit(text.file);
        }
      },
      onRefused({ file }, error) {
        if (file.dropped) return;
        file.dropped = true;
        const { path } = file.prepared;
        void discard(file);
        hooks.failed({ path, sizeBytes: file.sizeBytes, code: codeOf(error), reason: reasonOf(error) });
        settle();
      },
    },
    running,
  );
  pool.catch((error) => finished.reject(error));
  const room = options.pool.batchSize * batchesAhead;
  const preparation = Array.from({ length: preparers }, () => prepareAll(room));
  try {
    await finished.promise;
  } finally {
    ending.abort();
    await Promise.allSettled([pool, ...preparation, ...commits]);
    telemetry.recordQueue('indexing', 0);
    await Promise.all([...open].map(discard));
  }
}

/** A file that is being written may settle in a moment: it is tried again at once, and then in the next run. */
async function prepareSettled(index: SourceIndex, path: string, signal: AbortSignal) {
  try {
    return await index.prepare(path, signal);
  } catch (error) {
    if (signal.aborted || classifyFileFailure(error) !== 'changed') throw error;
    return index.prepare(path, signal);
  }
}

/** Indexes with the built-in embedder, one group of files after another, entirely in the worker. */
export async function embedBuiltin(
  options: PipelineOptions & { onVectors(count: number): void },
  signal: AbortSignal,
): Promise<void> {
  const { index, pending, hooks } = options;
  for (let start = 0; start < pending.length; start += builtinGroup) {
    await hooks.turn();
    signal.throwIfAborted();
    const group = pending.slice(start, start + builtinGroup);
    const sizes = new Map(group.map((file) => [file.path, file.sizeBytes]));
    const first = group[0];
    if (first) hooks.current(first.path);
    const results = await index.indexBuiltin(
      group.map((file) => file.path),
      signal,
    );
    for (const { path, chunks, error, readMs, cutMs, storeMs } of results) {
      hooks.times.read(readMs);
      hooks.times.cut(cutMs);
      hooks.times.stored(storeMs);
      const sizeBytes = sizes.get(path) ?? 0;
      if (error === null) {
        options.onVectors(chunks);
        hooks.committed({ path, sizeBytes, chunks, fallback: 0 });
      } else {
        report(hooks, path, sizeBytes, error);
      }
    }
  }
}

function report(hooks: FileHooks, path: string, sizeBytes: number, problem: FileProblem): void {
  const file = { path, sizeBytes, ...problem };
  if (isSkip(problem.code)) hooks.skipped(file);
  else hooks.failed(file);
}
