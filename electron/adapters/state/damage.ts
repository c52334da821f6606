/** SQLite's errors for a damaged file, and what is known about a damaged state. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { primarySqliteCode, sqliteCode } from '../system-code.ts';

const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** The file that the processes share could not grow. */
const SQLITE_IOERR_SHMSIZE = 4874;

/** A row that could not be read. It is kept in the table `damaged_rows`. */
export interface DamagedRow {
  table: string;
  /** As far as it can be read: a name where there is one, else the id. */
  name: string;
  /** The node that it belongs to, where that is known. */
  nodeId: string | null;
}

/** A file that could not be used as it was. */
export interface DamagedState {
  /** Where it is kept. */
  keptAs: string;
  /** Rows that were read out of it, by table. */
  rows: Readonly<Record<string, number>>;
  /** Tables of which rows may be missing. */
  incomplete: readonly string[];
}

export function isDamage(error: unknown): boolean {
  const code = primarySqliteCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Turns what SQLite throws into an error with a code; anything else passes through as it is. */
export function toStoreError(error: unknown): unknown {
  const code = primarySqliteCode(error);
  if (code === null) return error;
  if (code === SQLITE_FULL || sqliteCode(error) === SQLITE_IOERR_SHMSIZE)
    return new PilotlightError('DISK_FULL', { cause: error });
  if (isDamage(error)) return new PilotlightError('STATE_CORRUPT', { cause: error });
  return new PilotlightError('DATA_FOLDER_UNUSABLE', { cause: error });
}
