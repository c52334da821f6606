import { chmodSync, lstatSync, rmdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PilotlightError } from '../../shared/contract/errors.ts';

export interface CoreLock {
  /** The file was damaged and has been reset; it holds no data. */
  readonly repaired: boolean;
  release(): void;
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/**
 * One core per data folder. SQLite takes the operating system's own lock on `core.lock`, which ends with the
 * process, however it ends: there is no stale lock to detect, and no process id that another program could
 * have by now. Gives null when another core holds it. Throws DATA_FOLDER_UNUSABLE.
 */
export function tryLock(dataFolder: string): CoreLock | null {
  const path = join(dataFolder, 'core.lock');
  try {
    return { ...open(path), repaired: false };
  } catch (error) {
    if (sqliteCode(error) === SQLITE_BUSY) return null;
    try {
      if (!repair(path, sqliteCode(error))) throw error;
      return { ...open(path), repaired: true };
    } catch (failure) {
      // Another start repaired it first.
      if (sqliteCode(failure) === SQLITE_BUSY) return null;
      throw new PilotlightError('DATA_FOLDER_UNUSABLE', {
        message: `The data folder ${dataFolder} cannot be locked.`,
        details: { folder: dataFolder },
        cause: failure,
      });
    }
  }
}

function open(path: string): { release(): void } {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    chmodSync(path, 0o600);
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Resets a damaged file in place. It is never replaced, because two simultaneous starts would each lock a different
 * file. SQLite locks a file before it reads it, so a lock held by a running core is seen before the damage is.
 */
function repair(path: string, code: number | null): boolean {
  if (code === SQLITE_NOTADB || code === SQLITE_CORRUPT) {
    truncateSync(path, 0);
    return true;
  }
  if (code !== SQLITE_CANTOPEN || !lstatSync(path).isDirectory()) return false;
  // Removes an empty folder only: by now another start may have created the file.
  rmdirSync(path);
  return true;
}

/** The kind of an error of SQLite, without its details; null for other errors. */
function sqliteCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}
