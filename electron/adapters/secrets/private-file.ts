/** Files that only this user may read, replaced as a whole or not at all. */
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';

export type WriteFile = (path: string, content: string | Uint8Array) => void;

/** Writes beside, then renames: durable when it returns, mode 0600. Throws DISK_FULL or DATA_FOLDER_UNUSABLE. */
export const writePrivateFile: WriteFile = (path, content) => {
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFileSync(beside, content, { mode: 0o600, flush: true });
    // The mode above holds only for a file that was not there.
    chmodSync(beside, 0o600);
    renameSync(beside, path);
    flushFolder(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw toFileError(path, error);
  }
};

/** The system's code of a failed file operation, or null. */
export function fileErrorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function toFileError(path: string, cause: unknown): PilotlightError {
  const reason = fileErrorCode(cause);
  if (reason === 'ENOSPC' || reason === 'EDQUOT') return new PilotlightError('DISK_FULL', { cause });
  const folder = dirname(path);
  return new PilotlightError('DATA_FOLDER_UNUSABLE', {
    details: { folder, ...(reason === null ? {} : { reason }) },
    cause,
  });
}

/** Makes the rename itself survive a power cut, where the system lets a folder be opened. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
