import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../adapters/durable-write.ts';
import { folderError } from '../adapters/folder-error.ts';
import { isThere, keepAside } from '../adapters/keep-aside.ts';
import type { Problem } from '../core/compose.ts';
import { fileNotice } from './damage-notices.ts';

const keyBytes = 32;

/**
 * The key that signs the bearers of open pages, made at the first start, mode 0600. A new one takes the
 * place of one that is damaged, which ends every open page's right. Throws DISK_FULL or DATA_FOLDER_UNUSABLE.
 */
export function openSessionKey(dataFolder: string, onDamage: (problem: Problem) => void = () => {}): Buffer {
  const path = join(dataFolder, 'session.key');
  const saved = readKey(path);
  try {
    if (saved) {
      chmodSync(path, 0o600);
      return saved;
    }
    if (isThere(path)) {
      const consequence = 'Pages that are open in a browser have to be opened again from Pilotlight.';
      onDamage(fileNotice('session.key', keepAside(path), consequence));
    }
    const key = randomBytes(keyBytes);
    writeDurably(path, key);
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
