/** Errors of the computer that Pilotlight runs on: its disk, its ports, its data folder. */
import type { Catalogue } from './entry.ts';

export const computerErrors = {
  DISK_FULL: {
    message: 'The disk is full.',
    next: 'Free some space, then try again; nothing that was saved is lost.',
    status: 507,
  },
  STATE_CORRUPT: {
    message: 'The saved state could not be read.',
    next: 'The damaged file was renamed, and everything readable in it was recovered.',
    status: 500,
  },
  STATE_NEWER: {
    message: 'The saved state was written by a newer Pilotlight.',
    next: 'Update Pilotlight, or choose another folder with --data DIR.',
    status: 500,
  },
  RECORDS_DAMAGED: {
    message: 'Some saved records could not be read.',
    next: 'They were set aside. Add what is missing again.',
    status: 500,
  },
  FILE_DAMAGED: {
    message: 'One of Pilotlight’s files was damaged.',
    next: 'It was renamed and replaced with a new one.',
    status: 500,
  },
  SECRETS_LOST: {
    message: 'Saved passwords or tokens could not be opened.',
    next: 'Set them again (token and webhook in Settings, SecureOn passwords at their machines), and pair agents again.',
    status: 500,
  },
  PORT_IN_USE: {
    message: 'The port is in use by another program.',
    next: 'Choose another with --port N, or omit it to use a free one.',
    status: 500,
  },
  ALREADY_RUNNING: {
    message: 'Pilotlight is already running with this data folder.',
    next: 'Use the one that is running, or choose another folder with --data DIR.',
    status: 409,
  },
  DATA_FOLDER_UNUSABLE: {
    message: 'The data folder cannot be used.',
    next: 'Check its permissions, or choose another with --data DIR.',
    status: 500,
  },
  STOPPING: { message: 'Pilotlight is stopping.', next: 'Start it again.', status: 503 },
  CANCELLED: { message: 'It was cancelled.', next: 'Start it again if you still need it.', status: 499 },
  LINK_LOST: {
    message: 'The connection to Pilotlight was lost.',
    next: 'It reconnects by itself; if not, start Pilotlight again.',
    status: 503,
  },
  SIMULATOR_OFF: {
    message: 'The simulated fleet is not running.',
    next: 'Add it from the Fleet page.',
    status: 409,
  },
} as const satisfies Catalogue;
