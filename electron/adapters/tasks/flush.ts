import { open } from 'node:fs/promises';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { systemCode } from '../system-code.ts';

/** Makes a rename survive a power cut, if the system lets a folder be opened. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** DISK_FULL in place of the system's code. */
export function taskFileError(error: unknown): unknown {
  const code = systemCode(error);
  return code !== null && FULL.has(code) ? new PilotlightError('DISK_FULL', { cause: error }) : error;
}
