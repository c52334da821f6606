/** Opens the database of one source, migrates it, and sets a damaged one aside. */
import { accessSync, constants, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isThere, setAside } from '../../adapters/set-aside.ts';
import { judgeSchema } from '../../adapters/state/schema-check.ts';
import { hasCode, toCodedError } from './failures.ts';
import { copyFileOf } from './vector-copy.ts';

/** The name of the damaged index that this one replaces, until every file is indexed again. */
export const LOST_META = 'lost';
/** Where in Qdrant the vectors are; see `remote-record.ts`. */
export const REMOTE_META = 'qdrant';
/** Which copy of the vectors is valid; see `copy-record.ts`. */
export const COPY_META = 'vector-copy';

/** Numbered by position; a released migration is never changed, only followed by another. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    modified_ms REAL NOT NULL,
    changed_ms REAL NOT NULL,
    -- 0 when it was read so soon after its last change that another change could hide behind the same time
    settled INTEGER NOT NULL,
    hash BLOB NOT NULL,
    -- how it was cut; another recipe means that it must be cut anew
    recipe TEXT NOT NULL,
    language TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    -- why it has no chunks, where it cannot have any as it is
    problem_code TEXT,
    problem_reason TEXT
  );

  -- AUTOINCREMENT: an id is never given twice, so that vectors in memory cannot be mistaken
  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (file_id, ordinal)
  );

  -- float32, little-endian, of length 1 (or all zeros)
  CREATE TABLE vectors (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
  );

  CREATE VIRTUAL TABLE words USING fts5 (
    title, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
  );
  `,
  `
  -- Files that a worker was still busy with when it ended: what ends it again and again is given up.
  CREATE TABLE attempts (
    path TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    modified_ms REAL NOT NULL,
    changed_ms REAL NOT NULL,
    count INTEGER NOT NULL,
    -- the worker that was counted last
    run TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  // Reasons are messages, as JSON; they were text before.
  `
  UPDATE files SET problem_reason = json_object('code', 'TEXT', 'params', json_object('text', problem_reason))
  WHERE problem_reason IS NOT NULL;
  `,
  // Vectors that the copy beside this file, or Qdrant, still has.
  `
  CREATE TABLE removed_vectors (chunk_id INTEGER PRIMARY KEY);
  CREATE TABLE removed_remotely (chunk_id INTEGER PRIMARY KEY);
  `,
  // Where the pages of a document begin in its text, as JSON; chunks of documents count the bytes of that text.
  `
  ALTER TABLE files ADD COLUMN places TEXT;
  `,
];

export interface OpenedDatabase {
  database: DatabaseSync;
  /** Where the damaged database was moved that was here before. */
  keptAs: string | null;
}

const COMPANIONS = ['-wal', '-shm'];
/** The smallest page of SQLite, which takes a file of one byte for an empty database. */
const MIN_BYTES = 512;

/**
 * @throws INDEX_NEWER, DISK_FULL, DATA_FOLDER_UNUSABLE
 */
export function openDatabase(file: string, maxBytes: number | null): OpenedDatabase {
  try {
    if (isUsable(file)) return { database: open(file, maxBytes), keptAs: null };
  } catch (error) {
    const coded = toCodedError(error);
    if (!hasCode(coded, 'INDEX_CORRUPT')) throw coded;
  }
  try {
    const keptAs = replaceDamaged(file);
    return { database: open(file, maxBytes), keptAs };
  } catch (error) {
    throw toCodedError(error);
  }
}

/** Sets a closed database aside and leaves an empty one that records this; returns the damaged one's new path. */
export function replaceDamaged(file: string): string {
  const keptAs = setAside(file, COMPANIONS);
  rmSync(copyFileOf(file), { force: true });
  const database = open(file, null);
  database.prepare('INSERT INTO meta (key, value) VALUES (?, ?)').run(LOST_META, basename(keptAs));
  database.close();
  return keptAs;
}

/** Whatever is not a file, cannot be read or has lost its content is not an index. */
function isUsable(file: string): boolean {
  if (file === ':memory:' || !isThere(file)) return true;
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size < MIN_BYTES) return false;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function open(file: string, maxBytes: number | null): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    // In WAL mode NORMAL loses nothing when the process is killed. A power cut may lose the last files together with
    // their state, so the next run indexes them again.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    database.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;');
    migrate(database);
    if (maxBytes !== null) {
      const pageSize = Number(database.prepare('PRAGMA page_size').get()?.page_size ?? 4096);
      database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  // Damage in the schema shows here, not in the middle of a job.
  const verdict = judgeSchema(database, MIGRATIONS);
  if (verdict.kind === 'newer')
    throw new PilotlightError('INDEX_NEWER', { details: { version: verdict.version } });
  if (verdict.kind === 'wrong')
    throw new PilotlightError('INDEX_CORRUPT', { details: { reason: verdict.why } });
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    inTransaction(database, () => {
      database.exec(migration);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
  // Damage at the start of a table also shows here.
  database.exec('SELECT 1 FROM meta LIMIT 1; SELECT 1 FROM files LIMIT 1; SELECT 1 FROM words LIMIT 1');
}

/** All or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may already have rolled it back.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
