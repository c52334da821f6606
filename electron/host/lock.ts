import { chmodSync, closeSync, lstatSync, openSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { copyAside, setFolderAside } from '../adapters/set-aside.ts';
import { primarySqliteCode, systemCode } from '../adapters/system-code.ts';

export interface CoreLock {
  /** The file was damaged and has been reset; it holds no data. */
  readonly repaired: boolean;
  /** Where the former file is kept; null if there was none. */
  readonly keptAs: string | null;
  release(): void;
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/**
 * One core per data folder. SQLite takes an operating system lock on `core.lock`, which ends with the process, however
 * it ends: no stale lock has to be detected, and no process id can have been reused. Returns null if another core
 * holds it. Throws DATA_FOLDER_UNUSABLE.
 */
export function tryLock(dataFolder: string): CoreLock | null {
  const path = join(dataFolder, 'core.lock');
  try {
    return { ...open(path), repaired: false, keptAs: null };
  } catch (error) {
    if (primarySqliteCode(error) === SQLITE_BUSY) return null;
    try {
      const repaired = repair(path, primarySqliteCode(error));
      if (repaired === null) throw error;
      return { ...open(path), repaired: true, ...repaired };
    } catch (failure) {
      // Another start repaired it first.
      if (primarySqliteCode(failure) === SQLITE_BUSY) return null;
      throw new PilotlightError('DATA_FOLDER_UNUSABLE', {
        message: `The data folder ${dataFolder} cannot be locked.`,
        details: { folder: dataFolder },
        cause: failure,
      });
    }
  }
}

function open(path: string): { release(): void } {
  createPrivate(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A file that exists is not opened: closing it would end the lock of another core in this process. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/**
 * Resets a damaged file in place. It is never replaced, because two simultaneous starts would each lock a different
 * file. SQLite locks a file before it reads it, so a lock held by a running core is detected before the damage.
 */
function repair(path: string, code: number | null): { keptAs: string | null } | null {
  if (code === SQLITE_NOTADB || code === SQLITE_CORRUPT) {
    const keptAs = copyAside(path);
    truncateSync(path, 0);
    return { keptAs };
  }
  if (code !== SQLITE_CANTOPEN) return null;
  const found = lstatSync(path);
  if (found.isFile() && (found.mode & 0o600) !== 0o600) {
    chmodSync(path, 0o600);
    return { keptAs: null };
  }
  if (!found.isDirectory()) return null;
  return { keptAs: setFolderAside(path) };
}
