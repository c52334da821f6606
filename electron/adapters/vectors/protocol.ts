/** The calls of the index worker. Everything survives a structured clone. */
import type { PreparedFile, ScanResult, StoredIndexMeta, VectorHit } from '../../core/ports/vectors.ts';

/** Given once, before anything else. */
export interface IndexWorkerConfig {
  /** The folder that holds one database a source. */
  folder: string;
  /** No index grows past this; `null` leaves it to the disk. */
  maxIndexBytes: number | null;
  /** The most that vectors may take in memory; those of an index that is larger are read from the disk. */
  maxMatrixBytes: number;
  /** Vectors not asked for this long leave the memory, milliseconds. */
  matrixIdleMs: number;
}

export interface IndexSettings {
  maxFileBytes: number;
  /** Tokens a chunk may have, estimated. */
  chunkTokens: number;
}

/** Which index a call is about, and how it is opened if it is not open yet. */
export interface IndexSource {
  id: string;
  path: string;
  embedderId: string;
}

/** Shows, without reading the file, whether it is still the same. */
export interface FileStamp {
  size: number;
  modifiedMs: number;
  changedMs: number;
}

/** A file that the worker is busy with. */
export interface FileAtWork {
  path: string;
  /** null until its times are read. */
  stamp: FileStamp | null;
}

export interface BuiltinOutcome {
  path: string;
  chunks: number;
  error: { code: string; reason: string } | null;
}

interface IndexCalls {
  meta: { params: null; result: StoredIndexMeta };
  scan: { params: { full: boolean }; result: ScanResult };
  prepare: { params: { path: string }; result: PreparedFile };
  commit: { params: { token: string; vectors: Float32Array[] }; result: { chunks: number } };
  discard: { params: { token: string }; result: null };
  indexBuiltin: { params: { paths: readonly string[] }; result: BuiltinOutcome[] };
  search: {
    params: { text: string; vector: Float32Array | null; limit: number };
    result: VectorHit[];
  };
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
  /** null where the call isn't about an open index. */
  source: IndexSource | null;
  settings: IndexSettings;
  params: Params;
}

/** An index was damaged: it is kept aside and an empty one took its place, or parts of it were lost. */
export interface IndexNotice {
  sourceId: string;
  code: 'INDEX_CORRUPT' | 'INDEX_INCOMPLETE';
  /** null where it stays in use. */
  keptAs: string | null;
}

/** What a call reports while it runs. */
export type IndexProgress =
  | { kind: 'seen'; seen: number }
  /** The call is busy with this file, or got further with it; null while it waits. */
  | { kind: 'file'; file: FileAtWork | null };

export interface IndexContract {
  config: IndexWorkerConfig;
  calls: {
    [M in IndexMethod]: { params: IndexRequest<IndexCalls[M]['params']>; result: IndexCalls[M]['result'] };
  };
  progress: IndexProgress;
  event: IndexNotice;
}
