import { PilotlightError } from '../../../shared/contract/errors.ts';

/** A time further ahead is a mistake in the unit. */
const LONGEST_MS = 366 * 86_400_000;

/** The end of a lease that a person asks for; null for none. Throws BAD_REQUEST. */
export function refuseBadEnd(until: number | null, now: number): void {
  if (until === null) return;
  if (until <= now) {
    throw new PilotlightError('BAD_REQUEST', {
      message: 'That time has already passed.',
      next: 'Choose a later one.',
      details: { field: 'until' },
    });
  }
  if (until > now + LONGEST_MS) {
    throw new PilotlightError('BAD_REQUEST', {
      message: 'That is more than a year ahead.',
      next: 'Choose an earlier time, or keep it on until it is released.',
      details: { field: 'until' },
    });
  }
}
