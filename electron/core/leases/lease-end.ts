import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';

/** A later end is probably in the wrong unit. */
const LONGEST_MS = 366 * 86_400_000;

/** Checks the end of a lease that a person asked for; null for none. Throws BAD_REQUEST. */
export function refuseBadEnd(until: number | null, now: number): void {
  if (until === null) return;
  if (until <= now) {
    throw new PilotlightError('BAD_REQUEST', {
      message: fact('TIME_HAS_PASSED'),
      next: fact('CHOOSE_LATER'),
      details: { field: 'until' },
    });
  }
  if (until > now + LONGEST_MS) {
    throw new PilotlightError('BAD_REQUEST', {
      message: fact('TIME_TOO_FAR'),
      next: fact('CHOOSE_EARLIER'),
      details: { field: 'until' },
    });
  }
}
