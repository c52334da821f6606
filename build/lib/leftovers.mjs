// @ts-check
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from './lock.mjs';

/**
 * Deletes the working folders of set-ups that were killed. Links and other names stay.
 * @param {string} folder
 * @param {RegExp} pattern of their names; the first group is the process id
 */
export function sweepWorkFolders(folder, pattern) {
  for (const name of namesIn(folder)) {
    const pid = Number(pattern.exec(name)?.[1] ?? 0);
    // One of this process may be in use.
    if (pid === 0 || isProcessAlive(pid)) continue;
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
      rmSync(path, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
