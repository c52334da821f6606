import type { Handlers } from '../runtime/handlers.ts';
import type { IndexingService } from './service.ts';

type Names =
  | 'index.sources'
  | 'index.embedders'
  | 'index.addSource'
  | 'index.updateSource'
  | 'index.removeSource'
  | 'index.acknowledgeFailures'
  | 'index.folders'
  | 'index.estimate'
  | 'index.moveVectors'
  | 'index.cancelVectorMove'
  | 'index.warnings'
  | 'index.start'
  | 'index.cancel'
  | 'index.pause'
  | 'index.resume'
  | 'index.useCpu'
  | 'index.job'
  | 'index.jobs'
  | 'index.search'
  | 'index.document';

export function indexingMethods({ indexing }: { indexing: IndexingService }): Handlers<Names> {
  return {
    'index.sources': () => indexing.sources(),
    'index.embedders': () => indexing.embedders(),
    'index.addSource': (source) => indexing.addSource(source),
    'index.updateSource': (change) => indexing.updateSource(change),
    'index.removeSource': async ({ sourceId }) => {
      await indexing.removeSource(sourceId);
      return { ok: true };
    },
    'index.acknowledgeFailures': ({ sourceId }) => indexing.acknowledgeFailures(sourceId),
    'index.folders': (query, { signal }) => indexing.folders(query, signal),
    'index.estimate': (query, { signal }) => indexing.estimate(query, signal),
    'index.moveVectors': ({ sourceId, to }) => indexing.moveVectors(sourceId, to),
    'index.cancelVectorMove': ({ sourceId }) => indexing.cancelVectorMove(sourceId),
    'index.warnings': (_nothing, { signal }) => indexing.warnings(signal),
    'index.start': (job) => indexing.startJob(job),
    'index.cancel': ({ jobId }) => indexing.cancelJob(jobId),
    'index.pause': ({ jobId }) => indexing.pauseJob(jobId),
    'index.resume': ({ jobId }) => indexing.resumeJob(jobId),
    'index.useCpu': ({ jobId }) => indexing.useCpu(jobId),
    'index.job': ({ jobId }) => indexing.job(jobId),
    'index.jobs': ({ limit }) => indexing.jobs(limit),
    'index.search': (query, { signal }) => indexing.search(query, signal),
    'index.document': (passage, { signal }) => indexing.document(passage, signal),
  };
}
