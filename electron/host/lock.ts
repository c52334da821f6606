import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PilotlightError } from '../../shared/contract/errors.ts';

export interface CoreLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * One core per data folder. SQLite takes the operating system's own lock on `core.lock`, which ends with the
 * process, however it ends: there is no stale lock to detect, and no process id that another program could
 * have by now. Gives null when another core holds it. Throws DATA_FOLDER_UNUSABLE.
 */
export function tryLock(dataFolder: string): CoreLock | null {
  const path = join(dataFolder, 'core.lock');
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    chmodSync(path, 0o600);
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    if (isBusy(error)) return null;
    throw new PilotlightError('DATA_FOLDER_UNUSABLE', {
      message: `The data folder ${dataFolder} cannot be locked.`,
      details: { folder: dataFolder },
      cause: error,
    });
  }
}

function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === SQLITE_BUSY;
}
