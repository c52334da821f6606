/** Errors that the core and an agent share. */
import type { Catalogue } from './entry.ts';

export const commonErrors = {
  BAD_REQUEST: {
    message: 'The request is not valid for this method.',
    next: 'Correct the named fields and send it again.',
    status: 400,
  },
  NOT_FOUND: {
    message: 'This does not exist.',
    next: 'Refresh the list; it may have been removed.',
    status: 404,
  },
  UNAUTHORIZED: {
    message: 'This needs a token.',
    next: 'Open the address that Pilotlight printed when it started.',
    status: 401,
  },
  BAD_MAC: {
    message: 'This is not a MAC address.',
    next: 'Enter six pairs of hex digits, like AA:BB:CC:DD:EE:FF.',
    status: 400,
  },
  IN_USE: {
    message: 'The machine is in use.',
    next: 'Wait, release its leases, or power it off anyway.',
    status: 409,
  },
  POWER_ACTION_RUNNING: {
    message: 'A power action is already in progress.',
    next: 'Wait until it finishes, or cancel it.',
    status: 409,
  },
  NO_COUNTDOWN: { message: 'There is no countdown to cancel.', next: 'No action is needed.', status: 409 },
  NOT_SUPPORTED: {
    message: 'The machine does not support this.',
    next: 'Choose another action.',
    status: 409,
  },
  NOT_RUNNING: { message: 'Pilotlight is not running.', next: 'Start it with npm start.', status: 503 },
  UNSAFE_PERMISSIONS: {
    message: 'Other users of this computer could change or read Pilotlight’s files.',
    next: 'Correct their owner and permissions, then start it again.',
    status: 500,
  },
  PAIRING_CLOSED: {
    message: 'The agent is not waiting to be paired, or the code is wrong.',
    next: 'Run `agent.mjs pair` on that machine for a new code. It is valid for 10 minutes.',
    status: 403,
  },
  INTERNAL: {
    message: 'Something went wrong inside Pilotlight.',
    next: 'Try again. If it happens again, report it with the log.',
    status: 500,
  },
} as const satisfies Catalogue;
