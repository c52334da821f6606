/** Errors of updates. After each of them, the program that was installed still runs. */
import type { Catalogue } from './entry.ts';

export const updateErrors = {
  UPDATES_ELSEWHERE: {
    message: 'This installation does not update itself.',
    next: 'Update it the same way it was installed.',
    status: 409,
  },
  UPDATE_NO_ADDRESS: {
    message: 'This build has no address for updates.',
    next: 'Enter one in Settings, under Updates, or download a newer version yourself.',
    status: 409,
  },
  UPDATE_UNREACHABLE: {
    message: 'The update server could not be reached.',
    next: 'Check the internet connection and the address in Settings, then try again.',
    status: 502,
  },
  UPDATE_NO_RELEASE: {
    message: 'There is no release at this address.',
    next: 'Check the address in Settings: it is the folder that contains manifest.json.',
    status: 404,
  },
  UPDATE_SIGNATURE: {
    message: 'The release is not signed by Pilotlight’s makers.',
    next: 'None of it was used. Try again later. If this keeps happening, don’t install it from there by hand either.',
    status: 502,
  },
  UPDATE_MANIFEST: {
    message: 'The release can’t be read.',
    next: 'Try again later, or download a newer version yourself.',
    status: 502,
  },
  UPDATE_BROKEN_OFF: {
    message: 'The download broke off.',
    next: 'Try again: what has arrived is kept.',
    status: 502,
  },
  UPDATE_DAMAGED: {
    message: 'The downloaded file does not match the signed release.',
    next: 'It was deleted. Try again. If this keeps happening, the update server is at fault.',
    status: 502,
  },
  UPDATE_NONE: {
    message: 'There is no update to install.',
    next: 'Check for updates first.',
    status: 409,
  },
  UPDATE_BUSY: {
    message: 'An update is already in progress.',
    next: 'Wait until it finishes, or cancel it.',
    status: 409,
  },
  UPDATE_NOT_INSTALLED: {
    message: 'The update could not be installed.',
    next: 'The version that you have still works. Try again, or install the new one yourself.',
    status: 500,
  },
  UPDATE_NOTHING_KEPT: {
    message: 'No earlier version is kept.',
    next: 'Download the version that you want and install it.',
    status: 409,
  },
  UPDATE_NEWER_DATA: {
    message: 'The earlier version can’t read the data of this one.',
    next: 'Restore a backup from before the update with the earlier version, or stay with this one.',
    status: 409,
  },
} as const satisfies Catalogue;
