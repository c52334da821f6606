import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The key that signed the bearers of pages until sessions were stored; null if there is none. Its file is removed: pages
 * that are still open trade their bearers in while this core runs. Never throws.
 */
export function takeEarlierSessionKey(dataFolder: string): Buffer | null {
  const path = join(dataFolder, 'session.key');
  try {
    if (!lstatSync(path).isFile()) return null;
    const key = readFileSync(path);
    rmSync(path);
    return key.length === 32 ? key : null;
  } catch {
    return null;
  }
}
