/** Small files that are replaced as a whole or not at all. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { AgentError, wordsOf } from './errors.ts';

/** Durable when it returns; mode 0600 unless told otherwise. Throws DISK_TROUBLE, and changes nothing then. */
export function writePrivate(path: string, content: string, mode = 0o600): void {
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFileSync(beside, content, { mode, flush: true });
    // The mode above holds only for a file that was not there, and the process's mask takes from it.
    chmodSync(beside, mode);
    renameSync(beside, path);
    flushFolder(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw new AgentError('DISK_TROUBLE', { details: { reason: wordsOf(error) }, cause: error });
  }
}

/** Detects a changed bit; it is no protection against tampering. */
export function checksum(text: string): number {
  return crc32(text);
}

/** The parsed content, or null where there is no such file or it holds no JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Makes the folder where it is missing. Others may pass through it to the file of a countdown, which they may
 * read; they cannot list it, and all else in it is for this user only.
 */
export function openFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
  } catch (error) {
    throw new AgentError('BAD_CONFIG', {
      message: `The folder ${path} cannot be used: ${wordsOf(error)}`,
      next: 'Give another one with --data.',
      cause: error,
    });
  }
}

export function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
