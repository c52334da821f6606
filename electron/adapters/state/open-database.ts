import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { copyAside, isThere, setAside } from '../set-aside.ts';
import { type DamagedState, isDamage, toStoreError } from './damage.ts';
import { migrate, migrations } from './migrations.ts';
import { salvage } from './salvage.ts';
import { damageOf } from './schema-check.ts';
import { checkWriteAheadLog } from './write-ahead-log.ts';

export { toStoreError } from './damage.ts';

export interface OpenedDatabase {
  database: DatabaseSync;
  /** null if nothing was wrong. */
  damaged: DamagedState | null;
}

export interface PrepareOptions {
  steps?: readonly string[];
  /** The state was written before, so a file without content has lost it. Default false. */
  expected?: boolean;
}

export interface OpenDatabaseOptions extends PrepareOptions {
  /** The result of `prepareDatabase`, if it has already run. Default: it runs now. */
  prepared?: DamagedState | null;
}

/**
 * Tables whose newest rows a damaged log may have lost, and whose loss could power a machine off or leave a door open.
 */
const GUARDED_TABLES = ['leases', 'power_policies', 'credentials'];
const COMPANIONS = ['-wal', '-shm', '-journal'];

/**
 * Prepares the state database: reads all of it to find damage, and migrates it. A file that is damaged, or is not a
 * database, is moved to `<path>.corrupt-<n>`; its readable content goes into a new one. Returns what was damaged, or
 * null. Throws STATE_NEWER, DISK_FULL or DATA_FOLDER_UNUSABLE.
 *
 * The duration grows with the file. It needs only the path, so it can run in a thread.
 */
export function prepareDatabase(path: string, options: PrepareOptions = {}): DamagedState | null {
  const { steps = migrations, expected = false } = options;
  try {
    const log = keepDamagedLog(path);
    const whole = log === null || log.isCopy;
    if (isUsable(path, steps, expected) && whole) {
      createPrivate(path);
      open(path, steps).close();
      return log === null ? null : { keptAs: log.keptAs, rows: {}, incomplete: GUARDED_TABLES };
    }
    const keptAs = setAside(path, COMPANIONS);
    createPrivate(path);
    const database = open(path, steps);
    const damaged = salvage(database, keptAs);
    database.close();
    if (log === null) return damaged;
    return { ...damaged, incomplete: [...new Set([...damaged.incomplete, ...GUARDED_TABLES])] };
  } catch (error) {
    throw toStoreError(error);
  }
}

/** Opens the prepared state database. Throws the same errors as `prepareDatabase`. */
export function openDatabase(path: string, options: OpenDatabaseOptions = {}): OpenedDatabase {
  const { steps = migrations, prepared } = options;
  try {
    if (path === ':memory:') return { database: open(path, steps), damaged: null };
    const damaged = prepared === undefined ? prepareDatabase(path, options) : prepared;
    return { database: open(path, steps), damaged };
  } catch (error) {
    throw toStoreError(error);
  }
}

/** Whether it can be opened as it is. Throws STATE_NEWER. */
function isUsable(path: string, steps: readonly string[], expected: boolean): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return !isThere(path);
  if (!found.isFile()) return false;
  if (found.size === 0) {
    // SQLite would delete the log of an empty file.
    return !expected && (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  try {
    return damageOf(path, steps, !expected) === null;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Sets aside anything that cannot be a log or its index; a log that lost something is copied. */
function keepDamagedLog(path: string): { keptAs: string; isCopy: boolean } | null {
  // It is rebuilt from the log at each start.
  if (isThere(`${path}-shm`) && !isOpenFile(`${path}-shm`)) setAside(`${path}-shm`);
  const log = `${path}-wal`;
  if (isThere(log) && !isOpenFile(log)) return { keptAs: setAside(log), isCopy: true };
  if (!checkWriteAheadLog(path).damaged) return null;
  if (!isOpenFile(path)) return { keptAs: '', isCopy: false };
  return { keptAs: copyAside(path, ['-wal']), isCopy: true };
}

function isOpenFile(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** SQLite gives its other files the mode of the first one. */
function createPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
}

function open(path: string, steps: readonly string[]): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    migrate(database, steps);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
