/** Small files that are replaced as a whole or not at all. */
import { chmodSync, mkdirSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { parseJson } from '../../shared/json.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { readContent } from '../adapters/keep-aside.ts';
import { AgentError, wordsOf } from './errors.ts';

/** Durable when it returns; mode 0600 unless told otherwise. Throws DISK_TROUBLE, and changes nothing then. */
export function writePrivate(path: string, content: string, mode = 0o600): void {
  try {
    writeDurably(path, content, mode);
  } catch (error) {
    throw new AgentError('DISK_TROUBLE', { details: { reason: wordsOf(error) }, cause: error });
  }
}

/** Detects a changed bit; it is no protection against tampering. */
export function checksum(text: string): number {
  return crc32(text);
}

/** The parsed content, or null where there is no such file or it holds no JSON. */
export function readJson(path: string): unknown {
  const content = readContent(path);
  return content.kind === 'read' ? (parseJson(content.text) ?? null) : null;
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
