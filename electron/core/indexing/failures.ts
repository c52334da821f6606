/** What an error means for the work at hand. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';

/** The words of a server where it gave some, else the error's own. */
export function reasonOf(error: unknown): string {
  if (isPilotlightError(error)) {
    const server = error.details?.server;
    return typeof server === 'string' && server !== '' ? server : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): string {
  return isPilotlightError(error) ? error.code : 'INTERNAL';
}

/** Nothing is wrong with such a file; it is only nothing to index. */
export function isSkip(code: string): boolean {
  return ['FILE_BINARY', 'FILE_EMPTY', 'SYMLINK_LOOP', 'OUTSIDE_FOLDER'].includes(code);
}

/** What becomes of a file: left out because it can never be indexed as it is, failed, or the whole run stops. */
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
