/** The index of one source inside the worker: files in, hits out. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { BuiltinOutcome, IndexSettings, IndexSource } from '../../adapters/vectors/protocol.ts';
import { CUT_VERSION, cutFile } from '../../core/indexing/cut.ts';
import { fuseRanks } from '../../core/indexing/fusion.ts';
import { createLexicalEmbedder } from '../../core/indexing/lexical-embedder.ts';
import type { PreparedFile, ScanResult, StoredIndexMeta, VectorHit } from '../../core/ports.ts';
import { openDatabase } from './database.ts';
import { createFileRows, type ReadFile } from './file-rows.ts';
import { createKeywords } from './keywords.ts';
import { createNearestVectors, type NearestVectors, normalised } from './nearest.ts';
import { readStable, resolveInside } from './read-file.ts';
import { scanSource } from './scan.ts';

/** Files read but not stored yet; more are refused until some are committed or discarded. */
const MAX_PREPARED = 1024;
const MAX_PREPARED_CHARACTERS = 128 * 1024 * 1024;
/** Chunks embedded before others get their turn. */
const CHUNKS_A_TURN = 100;

export interface World {
  folder: string;
  maxIndexBytes: number | null;
  maxMatrixBytes: number;
  now: () => number;
  pause: () => Promise<void>;
}

export type OpenIndex = ReturnType<typeof openSourceIndex>;

export function databaseFileOf(folder: string, sourceId: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(sourceId)) {
    throw new PilotlightError('BAD_REQUEST', { message: 'The id of the source cannot be used.' });
  }
  return join(folder, `${sourceId}.db`);
}

/** What is wrong with one file alone, so that the others go on. */
function isOfFile(code: string): boolean {
  return code.startsWith('FILE_') || code === 'OUTSIDE_FOLDER' || code === 'SYMLINK_LOOP';
}

/** @throws DISK_FULL, DATA_FOLDER_UNUSABLE */
export function openSourceIndex(world: World, source: IndexSource) {
  mkdirSync(world.folder, { recursive: true, mode: 0o700 });
  const file = databaseFileOf(world.folder, source.id);
  const { database, keptAs } = openDatabase(file, world.maxIndexBytes);
  const rows = createFileRows(database);
  if (rows.readMeta('embedder') === null) rows.writeMeta('embedder', source.embedderId);
  const keywords = createKeywords(database);
  const selectChunk = database.prepare(`
    SELECT files.path, chunks.ordinal, chunks.start_byte, chunks.end_byte, chunks.heading, chunks.text
    FROM chunks JOIN files ON files.id = chunks.file_id WHERE chunks.id = ?`);
  const embed = createLexicalEmbedder();
  const prepared = new Map<string, ReadFile>();
  let preparedCharacters = 0;
  let lastToken = 0;
  let vectors: NearestVectors | null = null;

  const dimensions = () => {
    const stored = rows.readMeta('dimensions');
    return stored === null ? null : Number(stored);
  };
  const recipeOf = (settings: IndexSettings) => `${CUT_VERSION}:${settings.chunkTokens}`;

  const charactersOf = (file: ReadFile) => file.chunks.reduce((sum, chunk) => sum + chunk.text.length, 0);

  function hold(file: ReadFile): string {
    lastToken += 1;
    const token = `${process.pid}-${lastToken}`;
    prepared.set(token, file);
    preparedCharacters += charactersOf(file);
    return token;
  }

  function letGo(token: string): void {
    const file = prepared.get(token);
    if (file === undefined) return;
    prepared.delete(token);
    preparedCharacters -= charactersOf(file);
  }

  function nearest(length: number): NearestVectors {
    vectors ??= createNearestVectors({
      database,
      dimensions: length,
      maxBytes: world.maxMatrixBytes,
      pause: world.pause,
    });
    return vectors;
  }

  /** Reads, recognises and cuts. What cannot be indexed as it is, is remembered, so that it is not read again. */
  async function read(path: string, settings: IndexSettings, signal: AbortSignal): Promise<ReadFile> {
    const absolute = await resolveInside(source.path, path);
    const maxBytes = settings.maxFileBytes;
    const { bytes, ...stamp } = await readStable({ absolute, path, maxBytes, signal, now: world.now });
    const cut = cutFile(bytes, path, settings.chunkTokens);
    const recipe = recipeOf(settings);
    if (cut.ok) return { ...stamp, path, recipe, problem: null, language: cut.language, chunks: cut.chunks };
    const problem = { code: cut.code, reason: cut.reason };
    const { removedIds } = rows.put({ ...stamp, path, recipe, problem, language: '', chunks: [] }, []);
    vectors?.apply(removedIds, [], []);
    throw new PilotlightError(cut.code, { message: cut.reason, details: { path } });
  }

  function store(read: ReadFile, given: readonly Float32Array[]): void {
    const unit = given.map(normalised);
    const { removedIds, insertedIds } = rows.put(read, unit);
    vectors?.apply(removedIds, insertedIds, unit);
  }

  function check(read: ReadFile, given: readonly Float32Array[]): void {
    const stored = rows.readMeta('embedder');
    if (stored !== source.embedderId) {
      throw new PilotlightError('EMBEDDER_MISMATCH', { details: { stored, wanted: source.embedderId } });
    }
    const expected = dimensions() ?? given[0]?.length ?? 0;
    const reason =
      given.length !== read.chunks.length
        ? `There are ${given.length} vectors for ${read.chunks.length} chunks.`
        : given.some((vector) => vector.length !== expected || vector.length === 0)
          ? `A vector has another length than the ${expected} of the index.`
          : given.some((vector) => !vector.every(Number.isFinite))
            ? 'A vector holds something that is not a finite number.'
            : null;
    if (reason !== null) {
      throw new PilotlightError('DIMENSION_MISMATCH', { message: reason, details: { path: read.path } });
    }
  }

  async function indexOne(path: string, settings: IndexSettings, signal: AbortSignal): Promise<number> {
    const file = await read(path, settings, signal);
    const made: Float32Array[] = [];
    for (const [index, chunk] of file.chunks.entries()) {
      made.push(embed(`${chunk.heading}\n${chunk.text}`));
      if ((index + 1) % CHUNKS_A_TURN === 0) {
        await world.pause();
        signal.throwIfAborted();
      }
    }
    check(file, made);
    store(file, made);
    return file.chunks.length;
  }

  return {
    keptAs,
    source,

    meta(): StoredIndexMeta {
      return {
        embedderId: rows.readMeta('embedder') ?? source.embedderId,
        dimensions: dimensions(),
        ...rows.counts(),
      };
    },

    scan(
      full: boolean,
      settings: IndexSettings,
      signal: AbortSignal,
      onSeen: (seen: number) => void,
    ): Promise<ScanResult> {
      return scanSource({
        root: source.path,
        rows,
        rules: { full, maxFileBytes: settings.maxFileBytes, recipe: recipeOf(settings) },
        signal,
        now: world.now,
        onSeen,
        onRemoved: (ids) => vectors?.apply(ids, [], []),
      });
    },

    async prepare(path: string, settings: IndexSettings, signal: AbortSignal): Promise<PreparedFile> {
      if (prepared.size >= MAX_PREPARED || preparedCharacters >= MAX_PREPARED_CHARACTERS) {
        throw new PilotlightError('SERVER_BUSY', {
          message: `${prepared.size} files are prepared and not stored yet.`,
          next: 'Commit or discard some of them first.',
        });
      }
      const file = await read(path, settings, signal);
      signal.throwIfAborted();
      return { token: hold(file), path, language: file.language, chunks: [...file.chunks] };
    },

    commit(token: string, given: readonly Float32Array[]): { chunks: number } {
      const file = prepared.get(token);
      if (file === undefined) {
        throw new PilotlightError('WORKER_LOST', {
          message: 'This prepared file is not held any more.',
          next: 'Prepare it again; nothing that was committed is lost.',
          details: { token },
        });
      }
      check(file, given);
      store(file, given);
      letGo(token);
      return { chunks: file.chunks.length };
    },

    discard: letGo,

    async indexBuiltin(
      paths: readonly string[],
      settings: IndexSettings,
      signal: AbortSignal,
    ): Promise<BuiltinOutcome[]> {
      const outcomes: BuiltinOutcome[] = [];
      for (const path of paths) {
        signal.throwIfAborted();
        try {
          outcomes.push({ path, chunks: await indexOne(path, settings, signal), error: null });
        } catch (error) {
          if (!(error instanceof PilotlightError) || !isOfFile(error.code)) throw error;
          outcomes.push({ path, chunks: 0, error: { code: error.code, reason: error.message } });
        }
        await world.pause();
      }
      return outcomes;
    },

    async search(
      query: { text: string; vector: Float32Array | null; limit: number },
      signal: AbortSignal,
    ): Promise<VectorHit[]> {
      const stored = dimensions();
      if (query.vector !== null && stored !== null && query.vector.length !== stored) {
        throw new PilotlightError('DIMENSION_MISMATCH', {
          details: { index: stored, query: query.vector.length },
        });
      }
      const limit = Math.max(0, Math.min(500, Math.floor(query.limit)));
      const depth = Math.max(50, limit * 2);
      const near =
        query.vector === null || stored === null
          ? []
          : await nearest(stored).find(query.vector, depth, signal);
      const hits: VectorHit[] = [];
      for (const { id, ...ranks } of fuseRanks(keywords.find(query.text, depth), near)) {
        if (hits.length >= limit) break;
        const row = selectChunk.get(id);
        if (row === undefined) continue;
        hits.push({
          ...ranks,
          path: String(row.path),
          chunk: {
            ordinal: Number(row.ordinal),
            text: String(row.text),
            startByte: Number(row.start_byte),
            endByte: Number(row.end_byte),
            heading: String(row.heading),
          },
        });
      }
      return hits;
    },

    reset(embedder: { id: string; dimensions: number | null }): void {
      rows.reset(embedder);
      prepared.clear();
      preparedCharacters = 0;
      vectors?.release();
      vectors = null;
      source.embedderId = embedder.id;
    },

    memoryBytes: () => vectors?.bytes() ?? 0,

    releaseMemory: () => vectors?.release(),

    close(): void {
      vectors?.release();
      prepared.clear();
      database.close();
    },
  };
}
