/** Errors of access: who calls, and from where. */
import type { Catalogue } from './entry.ts';

export const accessErrors = {
  TOKEN_USED: {
    message: 'This one-time address has already been used.',
    next: 'Run "npm run pilotlight -- open" for a new one.',
    status: 401,
  },
  FORBIDDEN: {
    message: 'This token does not allow that.',
    next: 'Use the panel, or a token with more rights.',
    status: 403,
  },
  FORBIDDEN_ORIGIN: {
    message: 'This request did not come from the panel.',
    next: 'Open the panel at its own address on 127.0.0.1.',
    status: 403,
  },
} as const satisfies Catalogue;
