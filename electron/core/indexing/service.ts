/** Indexing as the rest of core sees it: folders, embedders, jobs one at a time, and search. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import {
  type DocumentView,
  type EmbedderChoice,
  embedderId,
  type FileType,
  type FolderEstimateView,
  type IndexJob,
  type IndexWarning,
  type SearchResult,
  type SourceRecord,
  type SourceView,
  type VectorEngineName,
} from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Folders } from '../ports/local-machine.ts';
import type { Passage } from '../ports/vectors.ts';
import { createEmbedderList } from './embedders.ts';
import { createEstimator, type NewEstimate } from './estimator.ts';
import { createIndexHandles } from './index-handles.ts';
import { createJobs, type NewJob } from './jobs.ts';
import { joinPath } from './join-path.ts';
import type { IndexingDependencies } from './model.ts';
import { withoutPlaces } from './places.ts';
import { createQueryTurns } from './query-turns.ts';
import { createSearcher } from './search.ts';
import { createSources, isIngested, type NewSource, type SourceChange } from './sources.ts';
import { timesIn } from './times.ts';
import { createVectorMoves } from './vector-moves.ts';

export interface IndexingService {
  sources(): Promise<SourceView[]>;
  embedders(): EmbedderChoice[];
  /** The saved record of each folder. */
  sourceRecords(): readonly SourceRecord[];
  /** Adds or updates folders that an import has saved. */
  adoptSources(sources: readonly SourceRecord[]): void;
  /** The source of the ingested texts, which is added when it is first needed. Throws DISK_FULL. @param path canonical */
  ensureIngested(path: string): SourceRecord;
  /** null before it is first needed. */
  ingestedSource(): SourceRecord | null;
  addSource(source: NewSource): Promise<SourceView>;
  updateSource(change: SourceChange): Promise<SourceView>;
  removeSource(sourceId: string): Promise<void>;
  /** The failures of its last run need no attention. Throws NOT_FOUND. */
  acknowledgeFailures(sourceId: string): SourceView;
  /** The folders in a folder, for a person who chooses one. */
  folders: Folders['list'];
  /** What an index of a folder would take. */
  estimate(query: NewEstimate, signal: AbortSignal): Promise<FolderEstimateView>;
  /** Begins to move the vectors of a folder. Throws NOT_FOUND, JOB_RUNNING, QDRANT_NOT_SET. */
  moveVectors(sourceId: string, to: VectorEngineName): SourceView;
  /** They stay where they are. */
  cancelVectorMove(sourceId: string): Promise<SourceView>;
  /** What is wrong with Qdrant, if it is in use. */
  warnings(signal: AbortSignal): Promise<IndexWarning[]>;
  /** Throws NOT_FOUND, JOB_RUNNING, NOTHING_TO_INDEX. */
  startJob(job: NewJob): IndexJob;
  cancelJob(jobId: string): IndexJob;
  /** As `Jobs.pause`, `resume` and `useCpu`. */
  pauseJob(jobId: string): IndexJob;
  resumeJob(jobId: string): IndexJob;
  useCpu(jobId: string): IndexJob;
  job(jobId: string): IndexJob;
  jobs(limit: number): IndexJob[];
  /** The running job, or null. */
  currentJob(): IndexJob | null;
  /** Resolves when the job has ended, or at once if it has already. */
  waitForJob(jobId: string, signal: AbortSignal): Promise<IndexJob>;
  /** Whether a job of this folder may start beside one of others. */
  hasRoom(sourceId: string): boolean;
  /** Resolves when it may have room: ask again. */
  waitForRoom(sourceId: string, signal: AbortSignal): Promise<void>;
  search(
    query: { text: string; sourceIds: string[] | null; types?: FileType[] | null; limit: number },
    signal: AbortSignal,
  ): Promise<SearchResult>;
  document(passage: Passage & { sourceId: string }, signal: AbortSignal): Promise<DocumentView>;
  /** Resumes the jobs that were unfinished when the process ended, unless `resume` is false. */
  start(options?: { resume: boolean }): void;
  /** A running job is resumed at the next start. */
  stop(): Promise<void>;
}

export function createIndexingService(dependencies: IndexingDependencies): IndexingService {
  const handles = createIndexHandles(dependencies.vectors);
  const moves = createVectorMoves({
    ...dependencies,
    handles,
    onChanged: (sourceId, isMoved) => {
      if (isMoved) void sources.refresh(sourceId);
      else sources.showMove(sourceId);
    },
  });
  const sources = createSources({ ...dependencies, handles, moves });
  const embedders = createEmbedderList({ ...dependencies, sources: sources.records });
  const queries = createQueryTurns();
  const searcher = createSearcher({
    ...dependencies,
    handles,
    queries,
    onDamaged: (sourceId) => void sources.refresh(sourceId),
  });
  const jobs = createJobs({ dependencies, handles, queries, sources });

  function choose(sourceIds: readonly string[] | null): readonly SourceRecord[] {
    const chosen = sourceIds === null ? sources.records() : [...new Set(sourceIds)].map(sources.require);
    if (chosen.length === 0) throw new PilotlightError('NOTHING_TO_INDEX');
    return chosen;
  }

  function refuseWhileRunning(sourceId: string): void {
    const job = jobs.holding(sourceId);
    if (job !== null) {
      throw new PilotlightError('JOB_RUNNING', {
        message: fact('FOLDER_IS_BEING_INDEXED'),
        details: { jobId: job.id },
      });
    }
  }

  function shown(sourceId: string): SourceView {
    const view = sources.showMove(sourceId);
    if (view === null) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_FOLDER') });
    return view;
  }

  return {
    sources: sources.views,
    embedders: embedders.list,
    sourceRecords: sources.records,
    adoptSources(records) {
      sources.adopt(records);
      embedders.refresh();
    },
    ensureIngested(path) {
      const source = sources.ensureIngested(path);
      embedders.refresh();
      return source;
    },
    ingestedSource: () => sources.records().find(isIngested) ?? null,
    async addSource(source) {
      const added = await sources.add(source);
      embedders.refresh();
      return added;
    },
    acknowledgeFailures: sources.acknowledge,
    folders: dependencies.folders.list,
    estimate: createEstimator({ ...dependencies, sources }),
    async updateSource(change) {
      const source = sources.require(change.sourceId);
      if (change.embedder && embedderId(change.embedder) !== embedderId(source.embedder)) {
        refuseWhileRunning(source.id);
      }
      const updated = await sources.update(change);
      embedders.refresh();
      return updated;
    },
    async removeSource(sourceId) {
      if (isIngested(sources.require(sourceId))) {
        throw new PilotlightError('BAD_REQUEST', {
          message: fact('INGESTED_TEXTS_STAY'),
          next: fact('DELETE_INGESTED_TEXTS'),
          details: { field: 'sourceId' },
        });
      }
      refuseWhileRunning(sourceId);
      await moves.cancel(sourceId);
      refuseWhileRunning(sourceId);
      const removed = sources.remove(sourceId, jobs.settled(sourceId));
      embedders.refresh();
      await removed.finally(embedders.refresh);
    },
    moveVectors(sourceId, to) {
      const source = sources.require(sourceId);
      refuseWhileRunning(sourceId);
      moves.start(source, to);
      return shown(sourceId);
    },
    async cancelVectorMove(sourceId) {
      sources.require(sourceId);
      await moves.cancel(sourceId);
      await sources.refresh(sourceId);
      return shown(sourceId);
    },
    warnings: (signal) => moves.warnings(sources.records(), signal),
    startJob: (job) => jobs.start(job, choose(job.sourceIds)),
    cancelJob: jobs.cancel,
    pauseJob: jobs.pause,
    resumeJob: jobs.resume,
    useCpu: jobs.useCpu,
    job: jobs.require,
    jobs: jobs.list,
    currentJob: jobs.current,
    waitForJob: jobs.waitFor,
    hasRoom: jobs.hasRoom,
    waitForRoom: jobs.waitForRoom,
    search: ({ text, sourceIds, types = null, limit }, signal) =>
      searcher.search({ text, sources: choose(sourceIds), types, limit }, signal),
    async document({ sourceId, ...passage }, signal) {
      const source = sources.require(sourceId);
      const { path } = passage;
      const ingested = isIngested(source) ? dependencies.ingestedText(path) : null;
      const index = await handles.get(source);
      const document = await index.document(passage, signal);
      const times = ingested === null ? [] : timesIn(ingested.places, document);
      return {
        ...document,
        ...(times.length > 0 && { times }),
        ...{ sourceId, sourceName: source.name, path, absolutePath: joinPath(source.path, path) },
        ...(ingested !== null && { ingested: withoutPlaces(ingested) }),
      };
    },
    start({ resume } = { resume: true }) {
      embedders.refresh();
      jobs.load({ resume });
    },
    async stop() {
      embedders.stop();
      await moves.stop();
      await jobs.stop();
      await handles.closeAll();
    },
  };
}
