import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fact } from '../../shared/models/message.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { folderError } from '../adapters/folder-error.ts';
import { isThere, keepAside } from '../adapters/keep-aside.ts';
import { readPrivateKey } from '../adapters/private-file.ts';
import type { Problem } from '../core/compose.ts';
import { fileNotice } from './damage-notices.ts';

const keyBytes = 32;

/**
 * The key that signs the bearers of open pages, created at the first start, mode 0600. A new key replaces a damaged
 * one, which signs every open page out. Throws DISK_FULL, DATA_FOLDER_UNUSABLE or UNSAFE_PERMISSIONS.
 */
export function openSessionKey(dataFolder: string, onDamage: (problem: Problem) => void = () => {}): Buffer {
  const path = join(dataFolder, 'session.key');
  const saved = readPrivateKey(path, keyBytes);
  try {
    if (saved) return saved;
    if (isThere(path)) {
      onDamage(fileNotice('session.key', keepAside(path), fact('OPEN_PAGES_AGAIN')));
    }
    const key = randomBytes(keyBytes);
    writeDurably(path, key);
    return key;
  } catch (error) {
    throw folderError(dataFolder, error);
  }
}
