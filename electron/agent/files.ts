/** Small files that are replaced as a whole or not at all. */
import { chmodSync, mkdirSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { parseJson } from '../../shared/json.ts';
import { writeDurably } from '../adapters/durable-write.ts';
import { readContent } from '../adapters/set-aside.ts';
import { AgentError, errorText } from './errors.ts';

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

/** The parsed content, or null if the file does not exist or is not JSON. */
export function readJson(path: string): unknown {
  const content = readContent(path);
  return content.kind === 'read' ? (parseJson(content.text) ?? null) : null;
}

/**
 * Creates the folder if necessary. Others may traverse it to read the file of a countdown; they cannot list it,
 * and everything else in it is private to this user.
 */
export function openFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
  } catch (error) {
    throw new AgentError('BAD_CONFIG', {
      message: `The folder ${path} cannot be used: ${errorText(error)}`,
      next: 'Choose another one with --data.',
      cause: error,
    });
  }
}
