/** Files that are replaced as a whole or not at all; readable by this user only, unless the caller says otherwise. */
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { draftOf } from './leftovers.ts';

/**
 * Writes a second file, then renames it: durable when it returns. Throws the system's error and then changes nothing.
 */
export function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): void {
  const beside = draftOf(path);
  try {
    // In a folder that others may write to, a link could be waiting at this name.
    rmSync(beside, { force: true });
    writeFileSync(beside, content, { mode, flag: 'wx', flush: true });
    // The process's umask reduces the mode above.
    chmodSync(beside, mode);
    renameSync(beside, path);
    flushFolder(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Makes a rename itself survive a power cut, if the system lets a folder be opened. */
export function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
