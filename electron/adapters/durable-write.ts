/** Files that are replaced as a whole or not at all; only this user may read them unless told otherwise. */
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes beside, then renames: durable when it returns. Throws what the system says, and changes nothing then. */
export function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): void {
  const beside = `${path}.${process.pid}.new`;
  try {
    // In a folder that others may write to, a link could lie in wait at this name.
    rmSync(beside, { force: true });
    writeFileSync(beside, content, { mode, flag: 'wx', flush: true });
    // The process's mask takes from the mode above.
    chmodSync(beside, mode);
    renameSync(beside, path);
    flushFolder(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Makes a rename itself survive a power cut, where the system lets a folder be opened. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
