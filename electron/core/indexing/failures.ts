/** What an error means for the work in progress. Pure. */

import { type ErrorCode, isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import type { JobFailure } from '../../../shared/models/indexing.ts';
import { errorMessage, fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { Trouble } from '../../../shared/models/node-state.ts';
import type { IgnoredFiles } from '../ports/vectors.ts';

/** What a server reported, or else the error's own message. */
export function reasonOf(error: unknown): Message {
  if (isPilotlightError(error)) {
    const server = serverText(error.details);
    return server === '' ? errorMessage(error) : plainText(server);
  }
  return plainText(error instanceof Error ? error.message : String(error));
}

/** The text of a server in an error's details; empty if there is none. */
export function serverText(details: Readonly<Record<string, unknown>> | undefined): string {
  const server = details?.server;
  return typeof server === 'string' ? server : '';
}

export function codeOf(error: unknown): string {
  return isPilotlightError(error) ? error.code : 'INTERNAL';
}

const skips: ReadonlySet<string> = new Set([
  ...['FILE_BINARY', 'FILE_EMPTY', 'SYMLINK_LOOP', 'OUTSIDE_FOLDER', 'OWN_DATA_FOLDER'],
  ...['DOCUMENT_ENCRYPTED', 'DOCUMENT_BROKEN', 'DOCUMENT_UNPACKS_TOO_LARGE'],
]);

/** Nothing is wrong with such a file; it just cannot be indexed. */
export function isSkip(code: string): boolean {
  return skips.has(code);
}

/** What happens to a file: it is skipped because it cannot be indexed as it is, it fails, or the whole run stops. */
export function classifyFileFailure(error: unknown): 'skipped' | 'changed' | 'failed' | 'fatal' {
  if (!isPilotlightError(error)) return 'fatal';
  if (isSkip(error.code)) return 'skipped';
  switch (error.code) {
    case 'FILE_CHANGED':
      return 'changed';
    case 'FILE_TOO_LARGE':
    case 'FILE_UNREADABLE':
    case 'FILE_ENCODING':
    case 'FILE_TOO_COSTLY':
    case 'NOT_FOUND':
      return 'failed';
    default:
      return 'fatal';
  }
}

/** One entry for each ignore file, before the files that cannot be indexed. */
export function toLeftOut({ path, files, folders }: IgnoredFiles): JobFailure {
  return { path, code: 'FILE_IGNORED', reason: fact('LEFT_OUT_BY_IGNORE_FILE', { files, folders }) };
}

export function troubleOf({ code, message, next }: PilotlightError): Trouble {
  return { code, message, next };
}

export const isOfQdrant = (code: ErrorCode): boolean => code.startsWith('QDRANT_');
