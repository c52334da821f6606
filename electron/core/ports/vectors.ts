/** The index of a folder. */
import type {
  Chunk,
  DocumentView,
  FileType,
  JobFailure,
  VectorEngineName,
} from '../../../shared/models/indexing.ts';
import type { FilePlace } from '../../../shared/models/places.ts';

/** A new or changed file found by a scan. `path` is relative to the source, with `/`. */
export interface ScannedFile {
  path: string;
  sizeBytes: number;
  modifiedMs: number;
}

export interface ScanResult {
  /** Every file in the source that is or should be in the index. */
  total: number;
  unchanged: number;
  removed: number;
  pending: ScannedFile[];
  /** Files that cannot be indexed (binary, too large, unreadable, loops), with the reason. */
  skipped: JobFailure[];
  /** What ignore files leave out. Absent for nothing. */
  ignored?: IgnoredFiles[];
}

/** What one ignore file leaves out. A folder counts once, whatever is in it. */
export interface IgnoredFiles {
  path: string;
  files: number;
  folders: number;
}

/** A file that was read, recognised and split into chunks, ready to be embedded. `token` identifies it in `commit`. */
export interface PreparedFile {
  token: string;
  path: string;
  language: string;
  chunks: Chunk[];
}

/** How long the steps of a file took, milliseconds. */
export interface FileTimes {
  readMs: number;
  /** Splitting, and embedding with the built-in embedder. */
  cutMs: number;
  storeMs: number;
}

/** Why a file is left out or failed. */
export type FileProblem = Omit<JobFailure, 'path'>;

export interface BuiltinOutcome extends FileTimes {
  path: string;
  chunks: number;
  error: FileProblem | null;
}

export interface StoredIndexMeta {
  embedderId: string;
  dimensions: number | null;
  files: number;
  chunks: number;
  /** It was damaged, and some files are missing until they are indexed again. Left out for false. */
  incomplete?: boolean;
  /** Where its vectors are searched, and how many are not there yet. Left out by an index that has only one place. */
  vectors?: { engine: VectorEngineName; unsent: number };
}

export interface VectorHit {
  path: string;
  /** As in `PreparedFile`. */
  language: string;
  chunk: Chunk;
  /** 1-based ranks in each list; `null` if it is not in that list. */
  wordRank: number | null;
  vectorRank: number | null;
  wordScore: number | null;
  /** Of a document: the places that the passage covers, the first one where it begins. Absent for none. */
  places?: FilePlace[];
  /** Cosine similarity. */
  vectorScore: number | null;
  score: number;
}

export interface ScanOptions {
  full: boolean;
  ignoreFiles?: boolean;
  /** What is left out besides, in the syntax of ignore files. */
  patterns?: readonly string[];
}

export interface EstimateQuery {
  /** Canonical absolute path. */
  path: string;
  ignoreFiles: boolean;
  patterns: readonly string[];
}

export interface FolderEstimate {
  /** Text files, by a sample. */
  files: number;
  /** Of all files that are not too large. */
  bytes: number;
  passages: number;
  /** Whether the whole folder was seen. */
  isComplete: boolean;
}

/** Bytes of a file. */
export interface Passage {
  path: string;
  startByte: number;
  endByte: number;
}

export type DocumentText = Pick<
  DocumentView,
  'format' | 'language' | 'text' | 'firstLine' | 'startByte' | 'passage' | 'more' | 'changed'
>;

/**
 * The index of one source: chunks, vectors, keywords and file state in one file, owned by a worker
 * process. Each file is one transaction: after a crash it is either complete or absent.
 * Rejects with coded errors: FILE_CHANGED, FILE_TOO_LARGE, FILE_BINARY, FILE_UNREADABLE, FILE_EMPTY,
 * FILE_ENCODING, OWN_DATA_FOLDER, DISK_FULL, INDEX_CORRUPT, INDEX_NEWER, DIMENSION_MISMATCH, WORKER_LOST.
 */
export interface SourceIndex {
  meta(): Promise<StoredIndexMeta>;
  /**
   * Walks the folder and compares it with the file state; removes deleted files in one transaction. Folders with
   * Pilotlight's own data count as deleted, and are reported as skipped.
   */
  scan(options: ScanOptions, signal: AbortSignal, onProgress?: (seen: number) => void): Promise<ScanResult>;
  prepare(path: string, signal: AbortSignal): Promise<PreparedFile & Omit<FileTimes, 'storeMs'>>;
  /** Stores a prepared file with one vector per chunk, replacing an earlier version. */
  commit(token: string, vectors: Float32Array[]): Promise<{ chunks: number } & Pick<FileTimes, 'storeMs'>>;
  /** Discards a prepared file that will not be committed. */
  discard(token: string): Promise<void>;
  /** Prepares, embeds with the built-in embedder and commits, without a round trip per file. */
  indexBuiltin(paths: readonly string[], signal: AbortSignal): Promise<BuiltinOutcome[]>;
  search(
    query: { text: string; vector: Float32Array | null; limit: number; types?: readonly FileType[] | null },
    signal: AbortSignal,
  ): Promise<VectorHit[]>;
  /**
   * Moves the vectors without embedding anything again. Searches use the present engine until all of them are in the
   * other one. When cancelled, they stay where they are; when interrupted, the next call continues.
   * Rejects with QDRANT_UNREACHABLE, QDRANT_REFUSED, QDRANT_NOT_SET.
   */
  moveVectors(
    to: VectorEngineName,
    signal: AbortSignal,
    onMoved?: (moved: number, all: number) => void,
  ): Promise<void>;
  /** A run has ended: what is derived from the index is brought up to date, in the background. */
  finishRun(): Promise<void>;
  /** The text of an indexed file around a passage. Rejects with NOT_FOUND for any other file. */
  document(passage: Passage, signal: AbortSignal): Promise<DocumentText>;
  /** Empties the index and binds it to an embedder. */
  reset(embedder: { id: string; dimensions: number | null }): Promise<void>;
  close(): Promise<void>;
}

/** `openIndex` starts the worker when it is needed and restarts it after a crash. */
export interface VectorStore {
  openIndex(source: { id: string; path: string; embedderId: string }): Promise<SourceIndex>;
  /** Deletes the file of a source. */
  removeIndex(sourceId: string): Promise<void>;
  /** Resolves if the server of the other engine can be used. Rejects with the QDRANT_ errors of `moveVectors`. */
  checkEngine(signal: AbortSignal): Promise<void>;
  /**
   * What an index of a folder would take. It is bounded, and keeps nothing. Rejects with FOLDER_NOT_FOUND, NOT_A_FOLDER,
   * FOLDER_UNREADABLE, OWN_DATA_FOLDER.
   */
  estimate(query: EstimateQuery, signal: AbortSignal): Promise<FolderEstimate>;
  /** The built-in embedder, for queries. One 384-dimensional vector per text. */
  embedBuiltin(texts: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}
