/** How an attempt failed, and whether another one could end differently. */
import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { TaskFailure } from '../../../shared/models/tasks.ts';
import { systemCode } from '../../adapters/system-code.ts';

/** What the content itself causes, or a limit that a person has to raise. */
const final: ReadonlySet<ErrorCode> = new Set([
  'BAD_REQUEST',
  'DOCUMENT_BROKEN',
  'DOCUMENT_ENCRYPTED',
  'DOCUMENT_UNPACKS_TOO_LARGE',
  'FILE_BINARY',
  'FILE_EMPTY',
  'FILE_ENCODING',
  'FILE_OUTSIDE_FOLDER',
  'FILE_TOO_LARGE',
  'HANDLER_MISSING',
  'MEDIA_BROKEN',
  'PICTURE_DAMAGED',
  'PICTURE_EMPTY',
  'PICTURE_NOT_SUPPORTED',
  'PICTURE_TOO_LARGE',
  'PICTURE_UNKNOWN',
  'SPEECH_NOT_SET',
  'SPEECH_REFUSED',
  'TASK_MEMORY_LIMIT',
  'TASK_TIME_LIMIT',
  'UPLOAD_TOO_LARGE',
  'WEB_ADDRESS_WRONG',
  'WEB_MISSING',
  'WEB_NOT_TEXT',
  'WEB_PRIVATE',
  'WEB_REDIRECTS',
  'YOUTUBE_ADDRESS_WRONG',
  'YOUTUBE_UNAVAILABLE',
]);

export interface FailedAttempt {
  failure: TaskFailure;
  retry: boolean;
}

export function failedAttempt(error: unknown): FailedAttempt {
  const { code, message } = coded(error);
  return { failure: { code, message }, retry: !final.has(code) };
}

export function coded(error: unknown): PilotlightError {
  if (isPilotlightError(error)) return error;
  const system = systemCode(error);
  if (system === 'ENOSPC' || system === 'EDQUOT') return new PilotlightError('DISK_FULL', { cause: error });
  if (system === 'ENOENT' || system === 'EACCES' || system === 'EPERM' || system === 'EIO') {
    return new PilotlightError('FILE_UNREADABLE', {
      message: { code: 'FILE_CANNOT_BE_READ', params: { code: system } },
      cause: error,
    });
  }
  return new PilotlightError('INTERNAL', { cause: error });
}
