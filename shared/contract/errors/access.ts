/** Errors of access: who calls, and from where. */
import type { Catalogue } from './entry.ts';

export const accessErrors = {
  TOKEN_USED: {
    message: 'This one-time address has already been used.',
    next: 'Run "npm run pilotlight -- open" for a new one.',
    status: 401,
  },
  SESSION_ENDED: {
    message: 'This browser was signed out, or was not used for too long.',
    next: 'Run "npm run pilotlight -- open" and open the address that it prints.',
    status: 401,
  },
  /** Only the panel raises it: what answers at its address did not prove that it is Pilotlight. */
  OTHER_PROGRAM: {
    message: "Another program answers at Pilotlight's address.",
    next: 'End that program and start Pilotlight again. Your session was not sent to it.',
    status: 401,
  },
  KEY_REVOKED: {
    message: 'This key was revoked or replaced.',
    next: 'Use its new secret, or create a key in Settings → Access or with "npm run pilotlight -- keys add NAME".',
    status: 401,
  },
  KEY_EXPIRED: {
    message: 'This key has expired.',
    next: 'Rotate it in Settings → Access or with "npm run pilotlight -- keys rotate NAME".',
    status: 401,
  },
  KEY_IN_ADDRESS: {
    message: 'A key in an address ends up in logs and histories, so it is not accepted there.',
    next: 'Send it in the header "Authorization: Bearer KEY". Rotate it if others may have seen the address.',
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
  BAD_RIGHTS: {
    message: 'This kind of key cannot have these rights.',
    next: 'Choose from view, wake, infer and tasks, or create a key for a script.',
    status: 400,
  },
  TOO_MANY_KEYS: {
    message: 'There are too many keys.',
    next: 'Revoke keys that are no longer used.',
    status: 409,
  },
  BAD_ADDRESS: {
    message: 'This computer does not have this address.',
    next: 'Choose one of the addresses that are listed.',
    status: 400,
  },
  BAD_CERTIFICATE: {
    message: 'The certificate and its key cannot be used.',
    next: 'Choose two PEM files that Pilotlight can read and that belong together.',
    status: 400,
  },
} as const satisfies Catalogue;
