import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { migrate, migrations } from './migrations.ts';

export interface OpenedDatabase {
  database: DatabaseSync;
  /** Where a file that could not be read was moved to; null when all was well. */
  keptAside: string | null;
}

/**
 * Opens the state database and brings it up to date. A file that is damaged, or is no database, is moved to
 * `<path>.corrupt-<n>` and a fresh one takes its place. Throws DISK_FULL or DATA_FOLDER_UNUSABLE.
 */
export function openDatabase(path: string, steps: readonly string[] = migrations): OpenedDatabase {
  try {
    return { database: openChecked(path, steps), keptAside: null };
  } catch (error) {
    if (!isDamage(error)) throw toStoreError(error);
    const aside = keepAside(path);
    return { database: openChecked(path, steps), keptAside: aside };
  }
}

function openChecked(path: string, steps: readonly string[]): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check?: string };
    if (check.quick_check !== 'ok')
      throw Object.assign(new Error('quick_check failed'), { errcode: SQLITE_CORRUPT });
    migrate(database, steps);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Moves the file and its companions to the first free `.corrupt-<n>`. */
function keepAside(path: string): string {
  let number = 1;
  while (existsSync(`${path}.corrupt-${number}`)) number += 1;
  const aside = `${path}.corrupt-${number}`;
  renameSync(path, aside);
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** The file that the processes share could not grow. */
const SQLITE_IOERR_SHMSIZE = 4874;

/** The low byte is SQLite's primary result code; extended codes carry more above it. */
function primaryCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}

function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Turns what SQLite throws into an error with a code; anything else passes through as it is. */
export function toStoreError(error: unknown): unknown {
  const code = primaryCode(error);
  if (code === null) return error;
  if (code === SQLITE_FULL || (error as { errcode?: number }).errcode === SQLITE_IOERR_SHMSIZE)
    return new PilotlightError('DISK_FULL', { cause: error });
  if (isDamage(error)) return new PilotlightError('STATE_CORRUPT', { cause: error });
  return new PilotlightError('DATA_FOLDER_UNUSABLE', { cause: error });
}
