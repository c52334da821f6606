/** The folders that are indexed: saved, checked, shown. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import {
  type Embedder,
  embedderId,
  type IndexJob,
  type SourceRecord,
  type SourceView,
} from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import { savedName } from '../../../shared/models/name.ts';
import { acknowledgementOf, unseenFailures } from './acknowledged.ts';
import { troubleOf } from './failures.ts';
import { usablePatterns } from './ignore-limits.ts';
import type { IndexHandles } from './index-handles.ts';
import type { IndexingDependencies } from './model.ts';
import type { VectorMoves } from './vector-moves.ts';

export interface NewSource {
  path: string;
  name?: string | undefined;
  embedder: Embedder;
  wake: boolean;
  whenGpuGone: SourceRecord['whenGpuGone'];
  ignoreFiles?: boolean | undefined;
  ignorePatterns?: readonly string[] | undefined;
}

export interface SourceChange {
  sourceId: string;
  name?: string | undefined;
  embedder?: Embedder | undefined;
  wake?: boolean | undefined;
  whenGpuGone?: SourceRecord['whenGpuGone'] | undefined;
  ignoreFiles?: boolean | undefined;
  ignorePatterns?: readonly string[] | undefined;
}

export interface Sources {
  records(): readonly SourceRecord[];
  /** Throws NOT_FOUND. */
  require(sourceId: string): SourceRecord;
  /** With the sizes of the indexes as they are now. */
  views(): Promise<SourceView[]>;
  /** Rejects with FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE or ALREADY_EXISTS. */
  add(source: NewSource): Promise<SourceView>;
  update(change: SourceChange): Promise<SourceView>;
  /** The source of the ingested texts, which is added when it is first needed. Throws DISK_FULL. @param path canonical */
  ensureIngested(path: string): SourceRecord;
  /** The failures of its last run need no attention. Throws NOT_FOUND. */
  acknowledge(sourceId: string): SourceView;
  /** A file was read again, and failed: it needs attention, whatever was acknowledged. */
  failedAgain(sourceId: string, path: string): void;
  /** Adds or updates records that are already saved; the embedder of a known one is unchanged. */
  adopt(sources: readonly SourceRecord[]): void;
  /**
   * Removes it from the list at once, so that no new work starts on it; its index is deleted when `quiet` resolves.
   * Rejects with NOT_FOUND. If it cannot be removed, it is listed again.
   */
  remove(sourceId: string, quiet: Promise<void>): Promise<void>;
  /** Reads the size of one index again and shows it. */
  refresh(sourceId: string): Promise<void>;
  /** Shows it with the progress of a move. */
  showMove(sourceId: string): SourceView | null;
}

/** Its own name until a person gives it another one. */
const INGESTED_NAME = 'Ingested texts';

/** Whether a source has the texts of tasks. */
export const isIngested = ({ kind }: Pick<SourceRecord, 'kind'>): boolean => kind === 'ingested';

/** Among how many recent jobs the last run of a folder is searched. */
const RECENT_JOBS = 50;

export function createSources({
  clock,
  ids,
  log,
  store,
  vectors,
  folders,
  activity,
  streams,
  handles,
  moves,
}: Pick<
  IndexingDependencies,
  'clock' | 'ids' | 'log' | 'store' | 'vectors' | 'folders' | 'activity' | 'streams'
> & { handles: IndexHandles; moves: Pick<VectorMoves, 'current' | 'trouble'> }): Sources {
  const records = new Map(
    store.sources.list().map((source) => [source.id, { ...source, name: savedName(source.name) }]),
  );
  const sizes = new Map<string, Pick<SourceView, 'files' | 'chunks' | 'trouble' | 'vectors'>>();
  /** Being removed: saved until their index is deleted, but no longer listed. */
  const leaving = new Set<string>();

  const recentJobs = () => store.jobs.list(RECENT_JOBS);

  function lastRunOf(sourceId: string, jobs: readonly IndexJob[]): SourceView['lastRun'] {
    const job = jobs.find(
      (candidate) => candidate.endedAt !== null && candidate.sourceIds.includes(sourceId),
    );
    if (!job || job.endedAt === null) return null;
    return {
      jobId: job.id,
      status: job.status,
      at: job.endedAt,
      indexed: job.files.done,
      failed: job.files.failed,
      unseen: unseenFailures(job, records.get(sourceId)?.acknowledged),
    };
  }

  /** @param jobs read once for all folders, because reading them parses each one */
  function view(source: SourceRecord, jobs: readonly IndexJob[] = recentJobs()): SourceView {
    const size = sizes.get(source.id) ?? { files: 0, chunks: 0 };
    return { ...source, ...size, ...vectorsOf(source.id), lastRun: lastRunOf(source.id, jobs) };
  }

  function vectorsOf(sourceId: string): Pick<SourceView, 'vectors'> {
    const known = sizes.get(sourceId)?.vectors;
    const moving = moves.current(sourceId);
    const trouble = moves.trouble(sourceId);
    if (known === undefined && moving === null && trouble === null) return {};
    return {
      vectors: {
        ...(known ?? { engine: 'builtin', unsent: 0 }),
        ...(moving === null ? {} : { moving }),
        ...(trouble === null ? {} : { trouble }),
      },
    };
  }

  function show(source: SourceRecord, jobs?: readonly IndexJob[]): SourceView {
    const shown = view(source, jobs);
    streams.sources.set(source.id, shown);
    return shown;
  }

  async function readSize(source: SourceRecord): Promise<void> {
    try {
      const { embedderId: id, incomplete, ...stored } = await (await handles.get(source)).meta();
      // What another embedder made can no longer be searched, so it is not counted.
      const counts = id === embedderId(source.embedder) ? stored : { files: 0, chunks: 0 };
      const size = {
        ...{ files: counts.files, chunks: counts.chunks },
        ...(stored.vectors === undefined ? {} : { vectors: stored.vectors }),
      };
      sizes.set(
        source.id,
        incomplete ? { ...size, trouble: troubleOf(new PilotlightError('INDEX_INCOMPLETE')) } : size,
      );
    } catch (error) {
      if (isPilotlightError(error)) {
        const known = sizes.get(source.id) ?? { files: 0, chunks: 0 };
        sizes.set(source.id, { ...known, trouble: troubleOf(error) });
      }
      log.warn('The size of an index could not be read.', { source: source.id, error: String(error) });
    }
  }

  function find(sourceId: string): SourceRecord {
    const source = present(sourceId);
    if (!source) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_FOLDER') });
    return source;
  }

  const present = (sourceId: string) => (leaving.has(sourceId) ? undefined : records.get(sourceId));
  const all = () => [...records.values()].filter(({ id }) => !leaving.has(id));

  async function refresh(sourceId: string): Promise<void> {
    const source = present(sourceId);
    if (!source) return;
    await readSize(source);
    const still = present(sourceId);
    if (still) show(still);
  }

  if (records.size > 0) {
    const jobs = recentJobs();
    for (const source of records.values()) show(source, jobs);
  }
  // Reading sizes starts the worker, so it waits until a panel is watching.
  streams.sources.onActive((active) => {
    if (active) for (const { id: sourceId } of all()) if (!sizes.has(sourceId)) void refresh(sourceId);
  });

  return {
    records: all,
    require: find,
    async views() {
      await Promise.all(all().map(readSize));
      const jobs = recentJobs();
      return all().map((source) => view(source, jobs));
    },
    async add({ path, name, embedder, wake, whenGpuGone, ignoreFiles, ignorePatterns }) {
      const patterns = usablePatterns(ignorePatterns ?? []);
      const canonical = await folders.resolve(path);
      for (const other of records.values()) {
        if (other.path !== canonical) continue;
        throw new PilotlightError('ALREADY_EXISTS', {
          message: fact('FOLDER_ALREADY_INDEXED', { name: other.name }),
          details: { sourceId: other.id },
        });
      }
      const source: SourceRecord = {
        id: ids.next('source'),
        name: savedName(name ?? lastPart(canonical)),
        path: canonical,
        embedder,
        wake,
        whenGpuGone,
        ...(ignoreFiles === undefined ? {} : { ignoreFiles }),
        ...(patterns.length === 0 ? {} : { ignorePatterns: patterns }),
        addedAt: clock.now(),
      };
      store.sources.put(source);
      records.set(source.id, source);
      sizes.set(source.id, { files: 0, chunks: 0 });
      activity.record({
        kind: 'index',
        severity: 'info',
        message: fact('FOLDER_ADDED', { folder: source.name }),
      });
      return show(source);
    },
    ensureIngested(path) {
      const known = [...records.values()].find(isIngested);
      if (known?.path === path) return known;
      // The data folder was moved: its index goes with it.
      const source: SourceRecord = known
        ? { ...known, path }
        : {
            ...{ id: ids.next('source'), kind: 'ingested', name: INGESTED_NAME, path },
            ...{ embedder: { kind: 'builtin' }, wake: true, whenGpuGone: 'use-cpu', addedAt: clock.now() },
          };
      store.sources.put(source);
      records.set(source.id, source);
      if (!sizes.has(source.id)) sizes.set(source.id, { files: 0, chunks: 0 });
      show(source);
      return source;
    },
    async update({ sourceId, ...change }) {
      const source = find(sourceId);
      const next: SourceRecord = {
        ...source,
        name: savedName(change.name ?? source.name),
        embedder: change.embedder ?? source.embedder,
        wake: change.wake ?? source.wake,
        whenGpuGone: change.whenGpuGone ?? source.whenGpuGone,
        ...(change.ignoreFiles === undefined ? {} : { ignoreFiles: change.ignoreFiles }),
        ...(change.ignorePatterns === undefined
          ? {}
          : { ignorePatterns: usablePatterns(change.ignorePatterns) }),
      };
      store.sources.put(next);
      records.set(sourceId, next);
      if (embedderId(next.embedder) !== embedderId(source.embedder)) {
        await handles.forget(sourceId);
        // It may have been changed again meanwhile, or removed.
        if (present(sourceId)) sizes.set(sourceId, { files: 0, chunks: 0 });
      }
      return show(find(sourceId));
    },
    acknowledge(sourceId) {
      const source = find(sourceId);
      const job = recentJobs().find((one) => one.endedAt !== null && one.sourceIds.includes(sourceId));
      const next = { ...source, ...(job ? { acknowledged: acknowledgementOf(job) } : {}) };
      store.sources.put(next);
      records.set(sourceId, next);
      return show(next);
    },
    failedAgain(sourceId, path) {
      const source = present(sourceId);
      if (!source?.acknowledged?.files.some((file) => file.path === path)) return;
      const files = source.acknowledged.files.filter((file) => file.path !== path);
      const next = { ...source, acknowledged: { ...source.acknowledged, files } };
      records.set(sourceId, next);
      try {
        store.sources.put(next);
      } catch (error) {
        // The run continues; after a restart this one counts as acknowledged.
        log.warn('A failure could not be marked as new.', { source: sourceId, error: String(error) });
      }
    },
    adopt(sources) {
      for (const source of sources) {
        if (!records.has(source.id)) sizes.set(source.id, { files: 0, chunks: 0 });
        records.set(source.id, source);
        show(source);
      }
    },
    async remove(sourceId, quiet) {
      const source = find(sourceId);
      leaving.add(sourceId);
      const unbar = handles.bar(sourceId);
      streams.sources.delete(sourceId);
      try {
        await quiet;
        await handles.forget(sourceId);
        await vectors.removeIndex(sourceId);
        // If the removal cannot be saved, the folder stays, with an empty index.
        sizes.set(sourceId, { files: 0, chunks: 0 });
        store.sources.remove(sourceId);
      } catch (error) {
        leaving.delete(sourceId);
        unbar();
        show(source);
        throw error;
      }
      records.delete(sourceId);
      sizes.delete(sourceId);
      leaving.delete(sourceId);
      streams.sources.delete(sourceId);
      activity.record({
        kind: 'index',
        severity: 'info',
        message: fact('FOLDER_REMOVED', { folder: source.name }),
      });
    },
    refresh,
    showMove(sourceId) {
      const source = present(sourceId);
      return source === undefined ? null : show(source);
    },
  };
}

/** The folder's own name, from a path with either separator. */
function lastPart(path: string): string {
  return (
    path
      .split(/[\\/]/)
      .filter((part) => part !== '')
      .at(-1) ?? path
  );
}
