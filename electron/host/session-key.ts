import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderError } from './folder-error.ts';

const keyBytes = 32;

/**
 * The key that signs the bearers of open pages, made at the first start, mode 0600. One that is damaged is
 * made anew, which ends every open page's right. Throws DISK_FULL or DATA_FOLDER_UNUSABLE.
 */
export function openSessionKey(dataFolder: string): Buffer {
  const path = join(dataFolder, 'session.key');
  const saved = readKey(path);
  try {
    if (saved) {
      chmodSync(path, 0o600);
      return saved;
    }
    const key = randomBytes(keyBytes);
    const beside = `${path}.${process.pid}`;
    writeFileSync(beside, key, { mode: 0o600 });
    renameSync(beside, path);
    return key;
  } catch (error) {
    throw folderError(dataFolder, error);
  }
}

function readKey(path: string): Buffer | null {
  try {
    const key = readFileSync(path);
    return key.length === keyBytes ? key : null;
  } catch {
    return null;
  }
}
