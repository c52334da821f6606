import { PilotlightError } from '../../shared/contract/errors.ts';

/** FOLDER_NOT_FOUND, NOT_A_FOLDER or FOLDER_UNREADABLE for what a system says; anything else as it is. */
export function toFolderError(error: unknown, details: Record<string, unknown>): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  switch (code) {
    case 'ENOENT':
    case 'ENAMETOOLONG':
      return new PilotlightError('FOLDER_NOT_FOUND', { details, cause: error });
    case 'ENOTDIR':
      return new PilotlightError('NOT_A_FOLDER', { details, cause: error });
    case 'ELOOP':
      return new PilotlightError('FOLDER_NOT_FOUND', {
        message: 'The path of the folder is a link that leads to itself.',
        details,
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EIO':
      return new PilotlightError('FOLDER_UNREADABLE', { details, cause: error });
    default:
      return error;
  }
}
