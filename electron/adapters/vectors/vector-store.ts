/**
 * The indexes, managed by the index worker. A file that ended a worker needs special care: the next worker records it
 * first, as failed if it exceeded its time limit, as a suspect if the worker crashed.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { VectorEngineName } from '../../../shared/models/indexing.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Http } from '../../core/ports/network.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { SourceIndex, VectorStore } from '../../core/ports/vectors.ts';
import type { LostCall } from '../processes/pending-calls.ts';
import {
  createWorkerClient,
  type MethodPolicy,
  type Verdicts,
  type WorkerEnd,
} from '../processes/worker-client.ts';
import type { WorkerHost } from '../processes/worker-host.ts';
import type {
  FileAtWork,
  IndexContract,
  IndexMethod,
  IndexNotice,
  IndexProgress,
  IndexRequest,
  IndexSettings,
  IndexSource,
} from './protocol.ts';
import { createQdrantClient } from './qdrant/qdrant-client.ts';

export interface VectorStoreOptions {
  /** Folder with one database per source; created if necessary. */
  folder: string;
  workerHost: WorkerHost;
  /** To check the server of the other engine. */
  http?: Http;
  clock: Clock;
  log: Log;
  /** Folders with Pilotlight's own data, which are never indexed. Default: none. */
  ownFolders?: readonly string[];
  /** Folders inside them that are indexed all the same. */
  openFolders?: readonly string[];
  /** Read at each call, so that a change applies from then on. */
  settings: () => IndexSettings;
  /** An index was damaged. */
  onNotice?: (notice: IndexNotice) => void;
  /** Maximum size of an index in bytes (DISK_FULL). Default: limited by the disk. */
  maxIndexBytes?: number;
  /** Memory for the vectors of all indexes. Default 1 GiB, which is 2.3 million of 384 dimensions. */
  maxMatrixBytes?: number;
  /** Default 5 minutes. */
  matrixIdleMs?: number;
  /** Limit of one step of one file (reading, splitting, a part of embedding, storing), milliseconds. Default 60 s. */
  fileLimitMs?: number;
  /** How long `close` waits before it kills the worker, milliseconds. Default 5 s. */
  closeDeadlineMs?: number;
}

interface CallOptions {
  source: IndexSource | null;
  signal?: AbortSignal;
  onProgress?: ((seen: number) => void) | undefined;
  onMoved?: ((moved: number, all: number) => void) | undefined;
}

type IndexParams<M extends IndexMethod> = IndexContract['calls'][M]['params']['params'];
type IndexResult<M extends IndexMethod> = IndexContract['calls'][M]['result'];

export interface IndexVectorStore extends VectorStore {
  /** The process id of the present worker; null if none is running. */
  workerPid(): number | null;
}

/** A person waits for the answer. The worker may be in the middle of a large change, so it is not killed. */
const query: MethodPolicy = { deadlineMs: 10_000, lateCode: 'INDEX_BUSY', isRepeatable: true };
/** Releasing an index or a file must not wait for a stuck worker: it is killed. */
const ending: MethodPolicy = { deadlineMs: 5000, lateCode: null, isRepeatable: true };
/** No limit for the call, but one for each of its files. */
const work: MethodPolicy = { deadlineMs: null, lateCode: null, isRepeatable: false };

const methods: Record<IndexMethod, MethodPolicy> = {
  meta: query,
  search: query,
  finishRun: query,
  document: query,
  embed: query,
  close: ending,
  remove: ending,
  giveUp: ending,
  // Repeated, they would count twice, or refer to a file that the lost worker had prepared.
  suspect: { ...ending, isRepeatable: false },
  discard: { ...ending, isRepeatable: false },
  scan: work,
  estimate: { ...work, isRepeatable: true },
  prepare: work,
  commit: work,
  indexBuiltin: work,
  reset: work,
  moveVectors: work,
};

export function createVectorStore(options: VectorStoreOptions): IndexVectorStore {
  const { clock, log, fileLimitMs = 60_000 } = options;
  let isClosing = false;
  const client = createWorkerClient<IndexContract>({
    name: 'index',
    host: options.workerHost,
    clock,
    log,
    config: {
      folder: options.folder,
      maxIndexBytes: options.maxIndexBytes ?? null,
      maxMatrixBytes: options.maxMatrixBytes ?? 1024 ** 3,
      matrixIdleMs: options.matrixIdleMs ?? 300_000,
      ownFolders: options.ownFolders ?? [],
      openFolders: options.openFolders ?? [],
    },
    methods,
    silenceMs: (progress) => (fileOf(progress) === null ? null : fileLimitMs),
    onEvent(notice) {
      log.warn('An index was damaged.', { ...notice });
      options.onNotice?.(notice);
    },
    onLost: recordSuspects,
    ...(options.closeDeadlineMs === undefined ? {} : { stopDeadlineMs: options.closeDeadlineMs }),
  });

  /** Records the files of the lost calls if they may have ended the worker. */
  async function recordSuspects(
    lost: readonly LostCall[],
    { killedFor, isCrash, run }: WorkerEnd,
  ): Promise<Verdicts> {
    const verdicts = new Map<number, unknown>();
    const records = lost.map(async ({ call, progress }) => {
      const file = fileOf(progress as IndexProgress | null);
      const { source } = call.params as IndexRequest;
      if (file === null || file.stamp === null || source === null) return;
      const { path, stamp } = file;
      if (call.id === killedFor) {
        verdicts.set(call.id, new PilotlightError('FILE_TOO_COSTLY', { details: { path } }));
        // A file that is not recorded as failed would be read again and again.
        await sendCall('giveUp', { path, stamp }, { source }).catch((error: unknown) => {
          verdicts.set(call.id, error);
        });
      } else if (isCrash) {
        await sendCall('suspect', { path, stamp, run }, { source }).catch((error: unknown) =>
          log.warn('The file that ended the index worker could not be recorded.', {
            path,
            error: String(error),
          }),
        );
      }
    });
    await Promise.all(records);
    return verdicts;
  }

  function sendCall<M extends IndexMethod>(
    method: M,
    params: IndexParams<M>,
    { source, signal, onProgress, onMoved }: CallOptions,
  ): Promise<IndexResult<M>> {
    const request = { source, settings: options.settings(), params } as IndexContract['calls'][M]['params'];
    return client.call(method, request, {
      signal,
      onProgress(progress) {
        if (progress.kind === 'seen') onProgress?.(progress.seen);
        if (progress.kind === 'moved') onMoved?.(progress.moved, progress.all);
      },
    });
  }

  function indexOf(opened: { id: string; path: string; embedderId: string }): SourceIndex {
    let source: IndexSource = { id: opened.id, path: opened.path, embedderId: opened.embedderId };
    return {
      meta: () => sendCall('meta', null, { source }),
      scan: (options, signal, onProgress) => sendCall('scan', options, { source, signal, onProgress }),
      prepare: (path, signal) => sendCall('prepare', { path }, { source, signal }),
      commit: (token, vectors) => sendCall('commit', { token, vectors }, { source }),
      async discard(token) {
        await sendCall('discard', { token }, { source });
      },
      indexBuiltin: (paths, signal) => sendCall('indexBuiltin', { paths }, { source, signal }),
      search: (query, signal) => sendCall('search', query, { source, signal }),
      async moveVectors(to, signal, onMoved) {
        await sendCall('moveVectors', { to }, { source, signal, onMoved });
      },
      async finishRun() {
        await sendCall('finishRun', null, { source });
      },
      document: (passage, signal) => sendCall('document', passage, { source, signal }),
      async reset(embedder) {
        source = { ...source, embedderId: embedder.id };
        await sendCall('reset', { embedder }, { source });
      },
      async close() {
        if (!isClosing && client.pid() !== null) await sendCall('close', null, { source });
      },
    };
  }

  return {
    async openIndex(source) {
      const index = indexOf(source);
      await index.meta();
      return index;
    },
    estimate: (query, signal) => sendCall('estimate', query, { source: null, signal }),
    async removeIndex(sourceId) {
      await sendCall('remove', { sourceId }, { source: null });
    },
    async checkEngine(signal) {
      const { qdrant } = options.settings();
      if (qdrant === null || qdrant === undefined) throw new PilotlightError('QDRANT_NOT_SET');
      if (options.http === undefined) throw new PilotlightError('QDRANT_UNREACHABLE');
      await createQdrantClient({ http: options.http, server: qdrant }).check(signal);
    },
    embedBuiltin: (texts) => sendCall('embed', { texts }, { source: null }),
    close() {
      isClosing = true;
      return client.stop();
    },
    workerPid: client.pid,
  };
}

function fileOf(progress: IndexProgress | null): FileAtWork | null {
  return progress?.kind === 'file' ? progress.file : null;
}

/** What the worker needs of the settings and their secrets. */
export function indexSettings(
  settings: {
    maxFileBytes: number;
    chunkTokens: number;
    vectorEngine: VectorEngineName;
    qdrantUrl: string | null;
  },
  qdrantKey: string | null,
): IndexSettings {
  const { maxFileBytes, chunkTokens, vectorEngine, qdrantUrl } = settings;
  return {
    ...{ maxFileBytes, chunkTokens, engine: vectorEngine },
    qdrant: qdrantUrl === null ? null : { url: qdrantUrl, key: qdrantKey },
  };
}
