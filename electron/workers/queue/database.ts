/** The database of the queue: its tables, and what happens to a damaged one. */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { isThere, setAside } from '../../adapters/set-aside.ts';
import { isDamage } from '../../adapters/state/damage.ts';
import { judgeSchema } from '../../adapters/state/schema-check.ts';
import { checkWriteAheadLog } from '../../adapters/state/write-ahead-log.ts';
import { primarySqliteCode, sqliteCode, systemCode } from '../../adapters/system-code.ts';

/** Numbered by position; a released migration is never changed, only followed by another. */
export const MIGRATIONS: readonly string[] = [
  `
  -- What changes often is here, so its rows are short
  CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    -- place among those of the same priority
    place INTEGER NOT NULL,
    batch_id TEXT,
    added_at REAL NOT NULL,
    run_at REAL,
    started_at REAL,
    ended_at REAL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    worker_id TEXT,
    -- of the present lease, or of the one that ended it; null after a lease that was lost or given back
    token TEXT,
    lease_ms REAL,
    progress REAL NOT NULL,
    progress_text TEXT NOT NULL,
    failure TEXT,
    -- lower case
    search TEXT NOT NULL
  );
  CREATE INDEX tasks_added ON tasks (added_at);
  CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, place, added_at) WHERE state = 'waiting';
  CREATE INDEX tasks_delayed ON tasks (run_at) WHERE state = 'delayed';
  CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX tasks_batch ON tasks (batch_id) WHERE batch_id IS NOT NULL;

  CREATE TABLE specs (seq INTEGER PRIMARY KEY, spec TEXT NOT NULL);
  CREATE TABLE results (seq INTEGER PRIMARY KEY, result TEXT NOT NULL);
  CREATE TABLE logs (seq INTEGER PRIMARY KEY, log TEXT NOT NULL);
  CREATE TABLE steps (
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (seq, number)
  ) WITHOUT ROWID;
  `,
];
const COMPANIONS = ['-wal', '-shm', '-journal'];
const FULL = 13;
const IO_ERROR_SHARED_MEMORY_SIZE = 4874;

export interface OpenedQueue {
  database: DatabaseSync;
  /** Where the damaged database was moved that was here before; null if nothing was wrong. */
  keptAs: string | null;
}

/**
 * Sets a damaged database aside. Throws STATE_NEWER, TASK_QUEUE_FULL, DATA_FOLDER_UNUSABLE.
 * @param maxBytes how large it may become; null for the disk's limit
 */
export function openQueueDatabase(file: string, maxBytes: number | null): OpenedQueue {
  try {
    if (isUsable(file)) {
      try {
        return { database: open(file, maxBytes), keptAs: null };
      } catch (error) {
        if (!isDamaged(error)) throw error;
      }
    }
    const keptAs = setAside(file, COMPANIONS);
    return { database: open(file, maxBytes), keptAs };
  } catch (error) {
    throw toQueueError(error);
  }
}

/** Moves a closed, damaged database away and opens an empty one. */
export function replaceDamaged(file: string, maxBytes: number | null): OpenedQueue {
  try {
    const keptAs = setAside(file, COMPANIONS);
    return { database: open(file, maxBytes), keptAs };
  } catch (error) {
    throw toQueueError(error);
  }
}

class DamagedError extends Error {}

export const isDamaged = (error: unknown): boolean => error instanceof DamagedError || isDamage(error);

/** Whatever is not a file of our own, or has lost acknowledged tasks with its log, is not a queue. */
function isUsable(file: string): boolean {
  if (!isThere(file)) return true;
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) return false;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  return !checkWriteAheadLog(file).damaged;
}

function open(file: string, maxBytes: number | null): DatabaseSync {
  // SQLite gives its other files the mode of the first one.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY');
    const verdict = judgeSchema(database, MIGRATIONS);
    if (verdict.kind === 'newer')
      throw new PilotlightError('STATE_NEWER', { details: { version: verdict.version } });
    if (verdict.kind === 'wrong') throw new DamagedError(verdict.why);
    if (verdict.kind === 'good') {
      const check = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
      if (check !== 'ok') throw new DamagedError(String(check));
    }
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index >= version)
        database.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`);
    }
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

/** Passes coded errors on. */
export function toQueueError(error: unknown): unknown {
  if (isPilotlightError(error)) return error;
  const system = systemCode(error);
  const isDiskFull = system === 'ENOSPC' || system === 'EDQUOT';
  if (isDiskFull || primarySqliteCode(error) === FULL || sqliteCode(error) === IO_ERROR_SHARED_MEMORY_SIZE)
    return new PilotlightError('TASK_QUEUE_FULL', { cause: error });
  const isUnusable =
    system !== null && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENOENT'].includes(system);
  if (isUnusable || sqliteCode(error) !== null)
    return new PilotlightError('DATA_FOLDER_UNUSABLE', { cause: error });
  return error;
}
