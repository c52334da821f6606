/** Maps errors of SQLite and the file system to the catalogue's errors. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { sqliteCode, systemCode } from '../../adapters/system-code.ts';

const FULL = 13;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const IO_ERROR_SHARED_MEMORY_SIZE = 4874;
const UNUSABLE = new Set([3, 8, 10, 14]);

/** Passes coded errors and aborts on unchanged. */
export function toCodedError(error: unknown): unknown {
  if (isPilotlightError(error)) return error;
  const system = systemCode(error);
  if (system === 'ENOSPC' || system === 'EDQUOT') return new PilotlightError('DISK_FULL', { cause: error });
  if (system !== null && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(system)) {
    return new PilotlightError('DATA_FOLDER_UNUSABLE', { cause: error });
  }
  if (system === 'ERR_INVALID_STATE') {
    return new PilotlightError('WORKER_LOST', { message: fact('INDEX_WAS_CLOSED'), cause: error });
  }
  const sqlite = sqliteCode(error);
  if (sqlite === null) return error;
  const primary = sqlite & 0xff;
  if (primary === FULL || sqlite === IO_ERROR_SHARED_MEMORY_SIZE) {
    return new PilotlightError('DISK_FULL', { cause: error });
  }
  if (primary === CORRUPT || primary === NOT_A_DATABASE) {
    return new PilotlightError('INDEX_CORRUPT', { cause: error });
  }
  if (UNUSABLE.has(primary)) return new PilotlightError('DATA_FOLDER_UNUSABLE', { cause: error });
  return error;
}

export function hasCode(error: unknown, code: string): boolean {
  return isPilotlightError(error) && error.code === code;
}
