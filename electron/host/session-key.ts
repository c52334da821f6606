import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fact } from '../../shared/models/message.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { folderError } from '../adapters/folder-error.ts';
import { isThere, setAside } from '../adapters/set-aside.ts';
import type { Problem } from '../core/compose.ts';
import { fileNotice } from './damage-notices.ts';

const keyBytes = 32;

/**
 * The key that signs the bearers of open pages, created at the first start, mode 0600. A new key replaces a damaged
 * one, which signs every open page out. Throws DISK_FULL or DATA_FOLDER_UNUSABLE.
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
      onDamage(fileNotice('session.key', setAside(path), fact('OPEN_PAGES_AGAIN')));
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
