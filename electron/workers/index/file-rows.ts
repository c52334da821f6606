/** All reads and writes of one source's database, one transaction per file. */
import type { DatabaseSync } from 'node:sqlite';
import { parseJson } from '../../../shared/json.ts';
import type { Chunk } from '../../../shared/models/indexing.ts';
import { type Message, messageSchema, plainText } from '../../../shared/models/message.ts';
import type { FilePlace } from '../../../shared/models/places.ts';
import { DATA_FOLDER_FILES, isDataFolder } from '../../adapters/own-folders.ts';
import type { FileStamp } from '../../adapters/vectors/protocol.ts';
import { searchableText } from '../../core/indexing/search-words.ts';
import type { FileProblem, StoredIndexMeta } from '../../core/ports/vectors.ts';
import { COPY_META, inTransaction, REMOTE_META } from './database.ts';
import { createMetaRows } from './meta-rows.ts';

export type { FileStamp };

export interface FileState extends FileStamp {
  settled: boolean;
  hash: Uint8Array;
  recipe: string;
  problem: FileProblem | null;
}

export interface ReadFile extends FileState {
  path: string;
  language: string;
  /** Of a document, as bytes of its text. Absent for none. */
  places?: readonly FilePlace[];
  chunks: readonly Chunk[];
}

export interface StoredChanges {
  removedIds: number[];
  insertedIds: number[];
}

/** Stored instead of a recipe: parts of this file were lost, so the next run indexes it again. */
const DAMAGED = 'damaged';
/** Set by the first scan that leaves out Pilotlight's own data. */
const OWN_DATA_META = 'own-data';

export type FileRows = ReturnType<typeof createFileRows>;

/** One that is not a message is shown as it is. */
function readReason(stored: string): Message {
  const { data } = messageSchema.safeParse(parseJson(stored));
  return data ?? plainText(stored);
}

export function createFileRows(database: DatabaseSync) {
  const { get: readMeta, set: writeMeta } = createMetaRows(database);
  const countFiles = database.prepare(
    'SELECT count(*) AS files, coalesce(sum(chunk_count), 0) AS chunks FROM files WHERE problem_code IS NULL',
  );
  const selectStates = database.prepare(
    'SELECT path, size, modified_ms, changed_ms, settled, hash, recipe, problem_code, problem_reason FROM files',
  );
  const selectFile = database.prepare('SELECT id FROM files WHERE path = ?');
  const selectStamp = database.prepare(
    'SELECT size, modified_ms, changed_ms FROM files WHERE path = ? AND problem_code IS NULL',
  );
  const selectNamed = database.prepare("SELECT path FROM files WHERE path = ?1 OR path LIKE '%/' || ?1");
  const upsertFile = database.prepare(`
    INSERT INTO files (path, size, modified_ms, changed_ms, settled, hash, recipe, language, chunk_count,
      problem_code, problem_reason, places)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified_ms = excluded.modified_ms,
      changed_ms = excluded.changed_ms, settled = excluded.settled, hash = excluded.hash,
      recipe = excluded.recipe, language = excluded.language, chunk_count = excluded.chunk_count,
      problem_code = excluded.problem_code, problem_reason = excluded.problem_reason, places = excluded.places
    RETURNING id`);
  const touchFile = database.prepare(
    'UPDATE files SET modified_ms = ?, changed_ms = ?, settled = ? WHERE path = ?',
  );
  const forgetRecipes = database.prepare("UPDATE files SET recipe = ''");
  const selectAttempts = database.prepare(
    'SELECT count FROM attempts WHERE path = ? AND size = ? AND modified_ms = ? AND changed_ms = ?',
  );
  const addAttempt = database.prepare(`
    INSERT INTO attempts (path, size, modified_ms, changed_ms, count, run) VALUES (?, ?, ?, ?, 1, ?)
    ON CONFLICT (path) DO UPDATE SET
      count = CASE
        WHEN size <> excluded.size OR modified_ms <> excluded.modified_ms OR changed_ms <> excluded.changed_ms THEN 1
        WHEN run = excluded.run THEN count
        ELSE count + 1 END,
      size = excluded.size, modified_ms = excluded.modified_ms, changed_ms = excluded.changed_ms,
      run = excluded.run`);
  const deleteAttempts = database.prepare('DELETE FROM attempts WHERE path = ?');
  const countDamaged = database.prepare('SELECT count(*) AS files FROM files WHERE recipe = ?');
  const hasAllChunks = 'chunk_count = (SELECT count(*) FROM chunks WHERE chunks.file_id = files.id)';
  const markLostChunks = database.prepare(
    `UPDATE files SET recipe = ? WHERE problem_code IS NULL AND recipe <> ? AND NOT ${hasAllChunks}`,
  );
  const markLostParts = database.prepare(`
    UPDATE files SET recipe = ?1 WHERE problem_code IS NULL AND recipe <> ?1 AND EXISTS (
      SELECT 1 FROM chunks LEFT JOIN vectors ON vectors.chunk_id = chunks.id
      WHERE chunks.file_id = files.id AND (
        coalesce(typeof(vectors.vector) <> 'blob' OR length(vectors.vector) <> ?2, 1)
        OR NOT EXISTS (SELECT 1 FROM words_docsize WHERE words_docsize.id = chunks.id)
      )
    )`);
  const markFileOf = database.prepare(
    'UPDATE files SET recipe = ? WHERE id = (SELECT file_id FROM chunks WHERE id = ?)',
  );
  const deleteFile = database.prepare('DELETE FROM files WHERE id = ?');
  const selectChunkIds = database.prepare('SELECT id FROM chunks WHERE file_id = ?');
  const deleteWords = database.prepare('DELETE FROM words WHERE rowid = ?');
  const deleteVector = database.prepare('DELETE FROM vectors WHERE chunk_id = ?');
  const noteIn = (table: string) =>
    database.prepare(
      `INSERT OR IGNORE INTO ${table} (chunk_id) SELECT ?1 WHERE EXISTS (SELECT 1 FROM meta WHERE key = ?2)`,
    );
  const noteRemoved = noteIn('removed_vectors');
  const noteRemovedRemotely = noteIn('removed_remotely');
  const deleteChunks = database.prepare('DELETE FROM chunks WHERE file_id = ?');
  const insertChunk = database.prepare(
    'INSERT INTO chunks (file_id, ordinal, start_byte, end_byte, heading, text) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertWords = database.prepare('INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)');
  const insertVector = database.prepare('INSERT INTO vectors (chunk_id, vector) VALUES (?, ?)');

  /** Vectors and words whose chunk was lost. */
  function dropOrphans(): void {
    database.exec(`
      INSERT OR IGNORE INTO removed_vectors (chunk_id)
        SELECT chunk_id FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks);
      INSERT OR IGNORE INTO removed_remotely (chunk_id)
        SELECT chunk_id FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks);
      DELETE FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks);
      DELETE FROM words WHERE rowid IN (SELECT id FROM words_docsize WHERE id NOT IN (SELECT id FROM chunks))`);
  }

  function dropChunks(fileId: number): number[] {
    const ids = selectChunkIds.all(fileId).map((row) => Number(row.id));
    for (const id of ids) {
      deleteWords.run(id);
      deleteVector.run(id);
      noteRemoved.run(id, COPY_META);
      noteRemovedRemotely.run(id, REMOTE_META);
    }
    if (ids.length > 0) deleteChunks.run(fileId);
    return ids;
  }

  return {
    readMeta,
    writeMeta,

    counts(): Pick<StoredIndexMeta, 'files' | 'chunks'> {
      const row = countFiles.get();
      return { files: Number(row?.files ?? 0), chunks: Number(row?.chunks ?? 0) };
    },

    /** Number of files with lost parts, as far as this was detected. */
    damaged: () => Number(countDamaged.get(DAMAGED)?.files ?? 0),

    /** Marks files with lost chunks. Quick: it reads no vector. */
    markLostChunks(): void {
      if (Number(markLostChunks.run(DAMAGED, DAMAGED).changes) > 0) inTransaction(database, dropOrphans);
    },

    /** Marks files with lost chunks, vectors or words, and the files of these chunks. */
    markDamaged(dimensions: number, chunkIds: Iterable<number>): void {
      inTransaction(database, () => {
        markLostChunks.run(DAMAGED, DAMAGED);
        markLostParts.run(DAMAGED, dimensions * 4);
        for (const id of chunkIds) markFileOf.run(DAMAGED, id);
        dropOrphans();
      });
    },

    states(): Map<string, FileState> {
      const states = new Map<string, FileState>();
      for (const row of selectStates.iterate()) {
        states.set(String(row.path), {
          size: Number(row.size),
          modifiedMs: Number(row.modified_ms),
          changedMs: Number(row.changed_ms),
          settled: row.settled === 1,
          hash: row.hash as Uint8Array,
          recipe: String(row.recipe),
          problem:
            row.problem_code === null
              ? null
              : { code: String(row.problem_code), reason: readReason(String(row.problem_reason)) },
        });
      }
      return states;
    },

    /** Of an indexed file, as it was then; null for any other. */
    stampOf(path: string): FileStamp | null {
      const row = selectStamp.get(path);
      if (row === undefined) return null;
      return {
        size: Number(row.size),
        modifiedMs: Number(row.modified_ms),
        changedMs: Number(row.changed_ms),
      };
    },

    /**
     * Folders in the index that are data folders of Pilotlight, judged by the names of their files. An earlier version
     * indexed them; after the next scan there are none.
     */
    ownDataFolders(): string[] {
      if (readMeta(OWN_DATA_META) !== null) return [];
      return DATA_FOLDER_FILES.flatMap((name) => selectNamed.all(name))
        .map(({ path }) => String(path).slice(0, Math.max(0, String(path).lastIndexOf('/'))))
        .filter((folder) =>
          isDataFolder((name) => selectFile.get(folder === '' ? name : `${folder}/${name}`) !== undefined),
        );
    },

    /** How often a worker began to read this version of the file and ended before it was done. */
    attempts(path: string, stamp: FileStamp): number {
      const row = selectAttempts.get(path, stamp.size, stamp.modifiedMs, stamp.changedMs);
      return row === undefined ? 0 : Number(row.count);
    },

    /** Counts at most once for each `run` of a worker. */
    addAttempt(path: string, stamp: FileStamp, run: string): void {
      addAttempt.run(path, stamp.size, stamp.modifiedMs, stamp.changedMs, run);
    },

    clearAttempts: (path: string): void => void deleteAttempts.run(path),

    /** Replaces a file with all its parts. `vectors` has one entry for each chunk. */
    put(file: ReadFile, vectors: readonly Float32Array[]): StoredChanges {
      return inTransaction(database, () => {
        const before = selectFile.get(file.path);
        const removedIds = before === undefined ? [] : dropChunks(Number(before.id));
        const row = upsertFile.get(
          file.path,
          file.size,
          file.modifiedMs,
          file.changedMs,
          file.settled ? 1 : 0,
          file.hash,
          file.recipe,
          file.language,
          file.chunks.length,
          file.problem?.code ?? null,
          file.problem === null ? null : JSON.stringify(file.problem.reason),
          file.places === undefined || file.places.length === 0 ? null : JSON.stringify(file.places),
        );
        deleteAttempts.run(file.path);
        const fileId = Number(row?.id);
        const title = searchableText(file.path);
        const insertedIds: number[] = [];
        for (const [index, chunk] of file.chunks.entries()) {
          const vector = vectors[index] as Float32Array;
          const id = Number(
            insertChunk.run(fileId, index, chunk.startByte, chunk.endByte, chunk.heading, chunk.text)
              .lastInsertRowid,
          );
          insertWords.run(id, `${title} ${searchableText(chunk.heading)}`, searchableText(chunk.text));
          insertVector.run(id, new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
          insertedIds.push(id);
        }
        const dimensions = vectors[0]?.length;
        if (dimensions !== undefined && readMeta('dimensions') === null) {
          writeMeta('dimensions', String(dimensions));
        }
        return { removedIds, insertedIds };
      });
    },

    /** Stores everything that a scan found, in one transaction. Returns the ids of the removed chunks. */
    applyScan(changes: {
      removed: readonly string[];
      touched: readonly (FileStamp & { path: string; settled: boolean })[];
      /** Marks every file to be indexed again; stored, so that an interrupted run continues with the rest. */
      full: boolean;
      rootIdentity: string;
    }): number[] {
      return inTransaction(database, () => {
        const removedIds: number[] = [];
        for (const path of changes.removed) {
          const row = selectFile.get(path);
          if (row === undefined) continue;
          for (const id of dropChunks(Number(row.id))) removedIds.push(id);
          deleteFile.run(Number(row.id));
        }
        for (const file of changes.touched) {
          touchFile.run(file.modifiedMs, file.changedMs, file.settled ? 1 : 0, file.path);
        }
        if (changes.full) forgetRecipes.run();
        if (readMeta('root') !== changes.rootIdentity) writeMeta('root', changes.rootIdentity);
        if (readMeta(OWN_DATA_META) === null) writeMeta(OWN_DATA_META, 'left out');
        return removedIds;
      });
    },

    reset(embedder: { id: string; dimensions: number | null }): void {
      inTransaction(database, () => {
        // 'delete-all' empties a contentless table in one step; chunk ids keep increasing.
        database.exec("INSERT INTO words (words) VALUES ('delete-all')");
        database.exec(
          `DELETE FROM vectors; DELETE FROM chunks; DELETE FROM files; DELETE FROM attempts; DELETE FROM meta;
          DELETE FROM removed_vectors; DELETE FROM removed_remotely;`,
        );
        writeMeta('embedder', embedder.id);
        writeMeta('dimensions', embedder.dimensions === null ? null : String(embedder.dimensions));
      });
    },
  };
}
