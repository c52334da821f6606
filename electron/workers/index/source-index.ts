/** The index of one source inside the worker: files in, hits out. */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import { draftsOf, sweepLeftovers } from '../../adapters/leftovers.ts';
import type { FileStamp, IndexSettings, IndexSource } from '../../adapters/vectors/protocol.ts';
import type { Http } from '../../core/ports/network.ts';
import type {
  BuiltinOutcome,
  DocumentText,
  FileTimes,
  Passage,
  PreparedFile,
  ScanOptions,
  ScanResult,
  StoredIndexMeta,
} from '../../core/ports/vectors.ts';
import { LOST_META, openDatabase } from './database.ts';
import { readDocument } from './document.ts';
import { createFileRows, type ReadFile } from './file-rows.ts';
import { createIndexSearch } from './index-search.ts';
import { createKeywords } from './keywords.ts';
import { createOwnData } from './own-data.ts';
import { createPreparedFiles } from './prepared-files.ts';
import { scanSource } from './scan.ts';
import { createSourceReader, type FileTurn, type ReaderWorld, recipeOf } from './source-reader.ts';
import { copyFileOf } from './vector-copy.ts';
import { createVectorEngine } from './vector-engine.ts';
import { normalised } from './vector-values.ts';

const MAX_DIMENSIONS = 65_536;
/** Of a file that was not indexed. */
const nothing = { chunks: 0, readMs: 0, cutMs: 0, storeMs: 0 };

export interface World extends ReaderWorld {
  /** For Qdrant. */
  http: Http;
  folder: string;
  /** Folders with Pilotlight's own data, which are never indexed. */
  ownFolders: readonly string[];
  openFolders: readonly string[];
  maxIndexBytes: number | null;
  maxMatrixBytes: number;
  pause: () => Promise<void>;
  /** Parts of the index were lost: the rest is searched, and the next run indexes those files again. */
  onDamaged?: () => void;
}

export type OpenIndex = ReturnType<typeof openSourceIndex>;

export function databaseFileOf(folder: string, sourceId: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(sourceId)) {
    throw new PilotlightError('BAD_REQUEST', { message: 'The id of the source is not valid.' });
  }
  return join(folder, `${sourceId}.db`);
}

/** Errors of one file alone, after which the others continue. */
function isOfFile(code: string): boolean {
  return (
    code.startsWith('FILE_') ||
    code.startsWith('DOCUMENT_') ||
    code === 'OUTSIDE_FOLDER' ||
    code === 'SYMLINK_LOOP'
  );
}

/** @throws INDEX_NEWER, DISK_FULL, DATA_FOLDER_UNUSABLE */
export function openSourceIndex(world: World, source: IndexSource, opened: IndexSettings) {
  mkdirSync(world.folder, { recursive: true, mode: 0o700 });
  const file = databaseFileOf(world.folder, source.id);
  const { database, keptAs } = openDatabase(file, world.maxIndexBytes);
  sweepLeftovers(world.folder, draftsOf([basename(copyFileOf(file))]));
  const rows = createFileRows(database);
  const isNew = rows.readMeta('embedder') === null;
  if (isNew) rows.writeMeta('embedder', source.embedderId);
  const keywords = createKeywords(database);
  const prepared = createPreparedFiles();
  /** Files left to index before the index is complete again; null before a scan has listed them. */
  let missing: Set<string> | null = null;
  let known: StoredIndexMeta | null = null;

  const dimensions = () => {
    const stored = rows.readMeta('dimensions');
    if (stored === null) return null;
    const length = Number(stored);
    if (Number.isInteger(length) && length > 0 && length <= MAX_DIMENSIONS) return length;
    throw new PilotlightError('INDEX_CORRUPT', { details: { dimensions: stored } });
  };

  /** The marks are stored, so that they survive a restart. */
  function noteDamage(mark: () => void): void {
    const before = rows.damaged();
    mark();
    known = null;
    if (rows.damaged() > before) world.onDamaged?.();
  }

  function done(path: string): void {
    known = null;
    missing?.delete(path);
    if (missing?.size === 0 && rows.readMeta(LOST_META) !== null) rows.writeMeta(LOST_META, null);
  }

  let settings = opened;
  const vectors = createVectorEngine({
    database,
    sourceId: source.id,
    copyFile: copyFileOf(file),
    dimensions,
    settings: () => settings,
    http: world.http,
    maxBytes: world.maxMatrixBytes,
    pause: world.pause,
    onDamaged: (chunkIds) => noteDamage(() => rows.markDamaged(dimensions() ?? 0, chunkIds)),
  });
  if (isNew) vectors.choose();

  const ownData = createOwnData(world, source, rows);

  const reader = createSourceReader({
    world,
    root: source.path,
    own: ownData.folders,
    rows,
    onRemoved: (chunkIds) => vectors.apply(chunkIds, [], []),
    onFailed: done,
  });

  /** Returns how long that took, milliseconds. */
  function store(read: ReadFile, given: readonly Float32Array[]): number {
    const startedAt = world.monotonic();
    const unit = given.map(normalised);
    const { removedIds, insertedIds } = rows.put(read, unit);
    vectors.apply(removedIds, insertedIds, unit);
    done(read.path);
    return world.monotonic() - startedAt;
  }

  function check(read: ReadFile, given: readonly Float32Array[]): void {
    const stored = rows.readMeta('embedder');
    if (stored !== source.embedderId) {
      throw new PilotlightError('EMBEDDER_MISMATCH', { details: { stored, wanted: source.embedderId } });
    }
    const expected = dimensions() ?? given[0]?.length ?? 0;
    const reason: Message | null =
      given.length !== read.chunks.length
        ? fact('WRONG_VECTOR_COUNT', { vectors: given.length, chunks: read.chunks.length })
        : given.some((vector) => vector.length !== expected || vector.length === 0)
          ? fact('WRONG_DIMENSIONS', { dimensions: expected })
          : given.some((vector) => !vector.every(Number.isFinite))
            ? fact('VECTOR_NOT_FINITE')
            : null;
    if (reason !== null) {
      throw new PilotlightError('DIMENSION_MISMATCH', { message: reason, details: { path: read.path } });
    }
  }

  async function indexOne(
    path: string,
    settings: IndexSettings,
    turn: FileTurn,
  ): Promise<Omit<BuiltinOutcome, 'path' | 'error'>> {
    const { file, vectors: made, readMs, cutMs } = await reader.read(path, settings, turn, true);
    turn.signal.throwIfAborted();
    check(file, made);
    turn.onFile({ path, stamp: file });
    return { chunks: file.chunks.length, readMs, cutMs, storeMs: store(file, made) };
  }

  return {
    keptAs,
    source,

    meta(): StoredIndexMeta {
      const embedderId = rows.readMeta('embedder') ?? source.embedderId;
      if (known?.embedderId === embedderId) return { ...known, vectors: vectors.info() };
      const incomplete = rows.readMeta(LOST_META) !== null || rows.damaged() > 0;
      known = { embedderId, dimensions: dimensions(), ...rows.counts(), incomplete };
      return { ...known, vectors: vectors.info() };
    },

    async scan(
      { full, ignoreFiles = true, patterns = [] }: ScanOptions,
      settings: IndexSettings,
      signal: AbortSignal,
      onSeen: (seen: number) => void,
    ): Promise<ScanResult> {
      noteDamage(rows.markLostChunks);
      const found = await scanSource({
        root: source.path,
        own: await ownData.renew(),
        rows,
        ignoreFiles,
        patterns,
        rules: {
          ...{ full, maxFileBytes: settings.maxFileBytes },
          recipe: (path) => recipeOf(settings, path),
        },
        signal,
        now: world.now,
        onSeen,
        onRemoved: (ids) => vectors.apply(ids, [], []),
      });
      missing = new Set(found.pending.map(({ path }) => path));
      done('');
      return found;
    },

    async prepare(
      path: string,
      settings: IndexSettings,
      turn: FileTurn,
    ): Promise<PreparedFile & Omit<FileTimes, 'storeMs'>> {
      prepared.checkRoom();
      const { file, readMs, cutMs } = await reader.read(path, settings, turn, false);
      turn.signal.throwIfAborted();
      return {
        token: prepared.hold(file),
        path,
        language: file.language,
        chunks: [...file.chunks],
        readMs,
        cutMs,
      };
    },

    commit(
      token: string,
      given: readonly Float32Array[],
      onFile: FileTurn['onFile'],
    ): { chunks: number; storeMs: number } {
      const file = prepared.get(token);
      check(file, given);
      onFile({ path: file.path, stamp: file });
      const storeMs = store(file, given);
      prepared.release(token);
      return { chunks: file.chunks.length, storeMs };
    },

    discard: prepared.release,

    async indexBuiltin(
      paths: readonly string[],
      settings: IndexSettings,
      turn: FileTurn,
    ): Promise<BuiltinOutcome[]> {
      const outcomes: BuiltinOutcome[] = [];
      for (const path of paths) {
        turn.signal.throwIfAborted();
        try {
          outcomes.push({ path, ...(await indexOne(path, settings, turn)), error: null });
        } catch (error) {
          if (!(error instanceof PilotlightError) || !isOfFile(error.code)) throw error;
          outcomes.push({ path, ...nothing, error: { code: error.code, reason: errorMessage(error) } });
        }
        await world.pause();
      }
      return outcomes;
    },

    search: createIndexSearch({ rows, keywords, database, dimensions, vectors, ownData, noteDamage }),

    document: (passage: Passage, settings: IndexSettings, signal: AbortSignal): Promise<DocumentText> =>
      readDocument({ ...{ world, root: source.path, rows, ownData }, ...{ passage, settings, signal } }),

    /** What is derived from the index is brought up to date, in the background. */
    finishRun: vectors.finishRun,

    /** Read at each call. */
    use(given: IndexSettings): void {
      settings = given;
    },

    moveVectors: vectors.move,

    forgetRemote: vectors.forgetRemote,

    reset(embedder: { id: string; dimensions: number | null }): void {
      const lost = rows.readMeta(LOST_META);
      vectors.reset(() => rows.reset(embedder));
      // An empty index is not a complete one.
      if (lost !== null) rows.writeMeta(LOST_META, lost);
      known = null;
      prepared.clear();
      source.embedderId = embedder.id;
    },

    giveUp: (path: string, stamp: FileStamp, settings: IndexSettings): void =>
      void reader.giveUp(path, stamp, settings),

    suspect: (path: string, stamp: FileStamp, run: string): void => rows.addAttempt(path, stamp, run),

    /** The worker is ending in order: no file is to blame. */
    forgetAttempts: reader.forgetAttempts,

    memoryBytes: vectors.bytes,

    releaseMemory: vectors.release,

    close(): void {
      vectors.close();
      prepared.clear();
      database.close();
    },
  };
}
