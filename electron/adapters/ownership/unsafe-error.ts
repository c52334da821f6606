import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { UnsafePath } from '../../../shared/text/messages/ownership.ts';

/** Throws UNSAFE_PERMISSIONS if there are any. */
export function refuseUnsafe(paths: readonly UnsafePath[]): void {
  if (paths.length > 0) throw unsafeError(paths);
}

/** UNSAFE_PERMISSIONS: what is wrong with each path, and the commands that fix them. */
export function unsafeError(paths: readonly UnsafePath[], cause?: unknown): PilotlightError {
  return new PilotlightError('UNSAFE_PERMISSIONS', {
    message: fact('UNSAFE_PATHS', { paths }),
    next: fact('FIX_UNSAFE_PATHS', { paths }),
    details: { paths },
    cause,
  });
}
