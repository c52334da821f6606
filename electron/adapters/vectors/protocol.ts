/** The calls of the index worker. All of them survive a structured clone. */
import type { FileType, VectorEngineName } from '../../../shared/models/indexing.ts';
import type {
  BuiltinOutcome,
  DocumentText,
  EstimateQuery,
  FileTimes,
  FolderEstimate,
  Passage,
  PreparedFile,
  ScanOptions,
  ScanResult,
  StoredIndexMeta,
  VectorHit,
} from '../../core/ports/vectors.ts';

import type { QdrantServer } from './qdrant/qdrant-client.ts';

/** Sent once, before anything else. */
export interface IndexWorkerConfig {
  /** The folder with one database per source. */
  folder: string;
  /** Maximum size of an index; `null` leaves it to the disk. */
  maxIndexBytes: number | null;
  /** Maximum memory for vectors; those of a larger index are read from the disk. */
  maxMatrixBytes: number;
  /** Vectors not used for this long are freed, milliseconds. */
  matrixIdleMs: number;
  /** Folders with Pilotlight's own data, which are never indexed. */
  ownFolders: readonly string[];
  /** Folders inside them that are indexed all the same. */
  openFolders: readonly string[];
}

export interface IndexSettings {
  maxFileBytes: number;
  /** Maximum tokens of a chunk, estimated. */
  chunkTokens: number;
  /** Of new indexes. Default `builtin`. */
  engine?: VectorEngineName;
  /** The server for those whose vectors are in Qdrant; null or absent if none is set. */
  qdrant?: QdrantServer | null;
}

/** The index of a call, and how to open it if necessary. */
export interface IndexSource {
  id: string;
  path: string;
  embedderId: string;
}

/** Shows whether the file is unchanged without reading it. */
export interface FileStamp {
  size: number;
  modifiedMs: number;
  changedMs: number;
}

/** A file that the worker is processing. */
export interface FileAtWork {
  path: string;
  /** null until its times have been read. */
  stamp: FileStamp | null;
}

interface IndexCalls {
  meta: { params: null; result: StoredIndexMeta };
  scan: { params: ScanOptions; result: ScanResult };
  estimate: { params: EstimateQuery; result: FolderEstimate };
  prepare: { params: { path: string }; result: PreparedFile & Omit<FileTimes, 'storeMs'> };
  commit: {
    params: { token: string; vectors: Float32Array[] };
    result: { chunks: number } & Pick<FileTimes, 'storeMs'>;
  };
  discard: { params: { token: string }; result: null };
  indexBuiltin: { params: { paths: readonly string[] }; result: BuiltinOutcome[] };
  search: {
    params: { text: string; vector: Float32Array | null; limit: number; types?: readonly FileType[] | null };
    result: VectorHit[];
  };
  moveVectors: { params: { to: VectorEngineName }; result: null };
  finishRun: { params: null; result: null };
  document: { params: Passage; result: DocumentText };
  reset: { params: { embedder: { id: string; dimensions: number | null } }; result: null };
  close: { params: null; result: null };
  remove: { params: { sourceId: string }; result: null };
  embed: { params: { texts: readonly string[] }; result: Float32Array[] };
  /** Fails a file for good: it is not read again until it changes. */
  giveUp: { params: { path: string; stamp: FileStamp }; result: null };
  /** The worker `run` ended in the middle of this file. */
  suspect: { params: { path: string; stamp: FileStamp; run: string }; result: null };
}

export type IndexMethod = keyof IndexCalls;

export interface IndexRequest<Params = unknown> {
  /** null if the call is not about an open index. */
  source: IndexSource | null;
  settings: IndexSettings;
  params: Params;
}

/** An index was damaged: it was set aside and replaced by an empty one, or parts of it were lost. */
export interface IndexNotice {
  sourceId: string;
  code: 'INDEX_CORRUPT' | 'INDEX_INCOMPLETE';
  /** null if it stays in use. */
  keptAs: string | null;
}

/** The progress of a call. */
export type IndexProgress =
  | { kind: 'seen'; seen: number }
  /** So many of all vectors are where they are being moved to. */
  | { kind: 'moved'; moved: number; all: number }
  /** The call is processing this file, or advanced with it; null while it waits. */
  | { kind: 'file'; file: FileAtWork | null };

export interface IndexContract {
  config: IndexWorkerConfig;
  calls: {
    [M in IndexMethod]: { params: IndexRequest<IndexCalls[M]['params']>; result: IndexCalls[M]['result'] };
  };
  progress: IndexProgress;
  event: IndexNotice;
}
