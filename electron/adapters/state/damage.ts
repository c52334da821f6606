/** SQLite's errors for a damaged file, and what is known about a damaged state. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { primarySqliteCode, sqliteCode } from '../system-code.ts';

const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** The file shared by the processes could not grow. */
const SQLITE_IOERR_SHMSIZE = 4874;

/** A row that could not be read. It is stored in the table `damaged_rows`. */
export interface DamagedRow {
  table: string;
  /** The row's name if that can be read, otherwise its id. */
  name: string;
  /** The node that it belongs to, if known. */
  nodeId: string | null;
}

/** A file that could not be used as it was. */
export interface DamagedState {
  /** Where it was moved. */
  keptAs: string;
  /** Rows recovered from it, by table. */
  rows: Readonly<Record<string, number>>;
  /** Tables that may have lost rows. */
  incomplete: readonly string[];
}

export function isDamage(error: unknown): boolean {
  const code = primarySqliteCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Maps SQLite's errors to errors with a code; anything else is returned unchanged. */
export function toStoreError(error: unknown): unknown {
  const code = primarySqliteCode(error);
  if (code === null) return error;
  if (code === SQLITE_FULL || sqliteCode(error) === SQLITE_IOERR_SHMSIZE)
    return new PilotlightError('DISK_FULL', { cause: error });
  if (isDamage(error)) return new PilotlightError('STATE_CORRUPT', { cause: error });
  return new PilotlightError('DATA_FOLDER_UNUSABLE', { cause: error });
}
