import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Trouble } from '../../../shared/models/node-state.ts';

/** The error in the shape of the views; INTERNAL for a defect. */
export function troubleOf(error: unknown): Trouble {
  const { code, message, next } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  return { code, message, next };
}
