import { PilotlightError } from '../../shared/contract/errors.ts';
import { systemCode } from './system-code.ts';

/** Why a file of the data folder could not be opened or written: DISK_FULL or DATA_FOLDER_UNUSABLE. */
export function folderError(folder: string, cause: unknown): PilotlightError {
  const code = systemCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new PilotlightError('DISK_FULL', { cause });
  return new PilotlightError('DATA_FOLDER_UNUSABLE', {
    message: `The data folder ${folder} cannot be used: ${reasonOf(code)}.`,
    details: { folder, ...(code === null ? {} : { reason: code }) },
    cause,
  });
}

function reasonOf(code: string | null): string {
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  if (code === 'EROFS') return 'it is on a read-only disk';
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === null) return 'it is a file, or inside one';
  return code;
}
