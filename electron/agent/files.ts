/** Small files that are replaced as a whole or not at all. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseJson } from '../../shared/json.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { AgentError, errorText } from './errors.ts';
import { requireOwnFolder, sweepOwnFolder } from './own-files.ts';

/** Durable when it returns; mode 0600 by default. Throws DISK_TROUBLE and then changes nothing. */
export function writePrivate(path: string, content: string, mode = 0o600): void {
  try {
    writeDurably(path, content, mode);
  } catch (error) {
    throw new AgentError('DISK_TROUBLE', { details: { reason: errorText(error) }, cause: error });
  }
}

/** Detects accidental changes; it does not protect against tampering. */
export function checksum(text: string): number {
  return crc32(text);
}

/**
 * The parsed content, or null if the file does not exist or is not JSON. Whoever wrote it: only for what is not trusted,
 * such as the address of an agent that has yet to prove that it is one.
 */
export function readJson(path: string): unknown {
  try {
    return parseJson(readFileSync(path, 'utf8')) ?? null;
  } catch {
    return null;
  }
}

/**
 * Creates the folder if necessary. Others may traverse a folder that is created here to read the file of a countdown;
 * they cannot list it, and everything else in it is private to this user. A folder that exists keeps its mode.
 */
export function createFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const created = mkdirSync(path, { recursive: true, mode: 0o711 });
    // The process's umask may have removed more than that.
    if (created !== undefined) chmodSync(path, 0o711);
  } catch (error) {
    throw new AgentError('BAD_CONFIG', {
      message: `The folder ${path} cannot be used: ${errorText(error)}`,
      next: 'Choose another one with --data.',
      cause: error,
    });
  }
}

/**
 * The same for the folder of an agent that starts: it must be this user's own, and what killed agents left in it is
 * deleted. Rejects with BAD_CONFIG, UNSAFE_PERMISSIONS.
 */
export async function openOwnFolder(path: string): Promise<void> {
  // Also before it is created: nothing is written where others can exchange folders.
  await requireOwnFolder(path);
  createFolder(path);
  await requireOwnFolder(path);
  sweepOwnFolder(path);
}
