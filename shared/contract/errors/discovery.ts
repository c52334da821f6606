/** Errors of finding and checking machines. */
import type { Catalogue } from './entry.ts';

export const discoveryErrors = {
  BAD_SUBNET: {
    message: 'This computer is not on that network.',
    next: 'Choose one of the networks in the list.',
    status: 400,
  },
  DISCOVERY_RUNNING: {
    message: 'A search for machines is already running.',
    next: 'Wait until it finishes, or cancel it.',
    status: 409,
  },
  CHECK_RUNNING: {
    message: 'This check is already running.',
    next: 'Wait until it finishes, or cancel it.',
    status: 409,
  },
} as const satisfies Catalogue;
