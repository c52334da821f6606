/** What an error means for the work at hand. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';

/**
 * - `poison`: the server refuses this input and would refuse it again, wherever it is sent
 * - `busy`: it has too much to do; ask again
 * - `connection`: the line broke; the machine may be gone
 * - `gone`: do not ask this node again for now
 * - `server`: it failed; the input or the server may be the cause
 */
export type EmbedFailure = 'poison' | 'busy' | 'connection' | 'gone' | 'server';

export function classifyEmbedFailure(error: unknown): EmbedFailure {
  if (!isPilotlightError(error)) return 'server';
  switch (error.code) {
    case 'SERVER_BUSY':
      return 'busy';
    case 'HOST_UNREACHABLE':
      return 'connection';
    case 'SERVER_ERROR':
    case 'BAD_REQUEST':
      return isRefusal(error.details?.status) ? 'poison' : 'server';
    case 'HOST_TIMEOUT':
    case 'NAME_NOT_RESOLVED':
    case 'MODEL_NOT_FOUND':
    case 'OUT_OF_MEMORY':
    case 'NOT_AN_INFERENCE_SERVER':
    case 'RESPONSE_TOO_LARGE':
    case 'NO_SERVER':
    case 'NODE_ASLEEP':
      return 'gone';
    default:
      return 'server';
  }
}

/** 4xx says "this request is wrong", except where it speaks of time, rate or a client that went away. */
function isRefusal(status: unknown): boolean {
  return (
    typeof status === 'number' && status >= 400 && status < 500 && ![404, 408, 429, 499].includes(status)
  );
}

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
