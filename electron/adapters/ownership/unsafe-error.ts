import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { UnsafePath } from '../../../shared/text/messages/ownership.ts';
import { UnsafePathsError } from './read-own.ts';

/** UNSAFE_PERMISSIONS: what is wrong with each path, and the commands that fix them. */
export function unsafeError(paths: readonly UnsafePath[], cause?: unknown): PilotlightError {
  return new PilotlightError('UNSAFE_PERMISSIONS', {
    message: fact('UNSAFE_PATHS', { paths }),
    next: fact('FIX_UNSAFE_PATHS', { paths }),
    details: { paths },
    cause,
  });
}

/** Reads files; throws UNSAFE_PERMISSIONS in place of UnsafePathsError. */
export function withCodedUnsafe<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof UnsafePathsError ? unsafeError(error.paths, error) : error;
  }
}
