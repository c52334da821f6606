import { formatBytes } from '../../units.ts';

/** Updates of Pilotlight itself. */
export const updateMessages = {
  UPDATE_BY_PACKAGE_MANAGER: () =>
    'It was installed as a package of your system: update it with your package manager, which checks for updates itself.',
  UPDATE_BY_NEW_IMAGE: () => 'It runs in a container: pull a newer image and start that.',
  UPDATE_BY_GIT: () => 'It runs from its source: update it with git pull, then start it again.',
  UPDATE_BY_COMMAND: () => 'It is a single file: update it with pilotlight-agent cli update.',
  UPDATE_BY_DOWNLOAD: () =>
    'It can’t replace itself: download the new version, quit, and put it in the place of this one.',
  UPDATE_IN_WINDOW: () => 'Open Pilotlight’s own window to install updates.',
  UPDATE_FOUND: ({ version, bytes }: { version: string; bytes: number }) =>
    `Version ${version} is available (${formatBytes(bytes)}).`,
  UPDATE_IS_CURRENT: () => 'This is the newest version.',
  UPDATE_OTHER_CHANNEL: ({ version }: { version: string }) =>
    `There is ${version}, but it belongs to another channel than this version.`,
  UPDATE_HELD_BACK: ({ version }: { version: string }) =>
    `Version ${version} is being released in steps, and this computer is not included yet.`,
  UPDATE_NEEDS_STEP: ({ version, minimum }: { version: string; minimum: string }) =>
    `Version ${version} can’t be installed over this one. Update to ${minimum} first.`,
  UPDATE_NO_FILE: ({ version }: { version: string }) => `Version ${version} has no file for this system.`,
  UPDATED: ({ from, to }: { from: string; to: string }) => `Pilotlight was updated from ${from} to ${to}.`,
  WENT_BACK: ({ from, to }: { from: string; to: string }) => `Pilotlight went back from ${from} to ${to}.`,
  UPDATE_DID_NOT_HAPPEN: ({ version }: { version: string }) =>
    `Version ${version} was to be installed when Pilotlight quit, but that didn’t work.`,
  UPDATE_TRY_AGAIN: () => 'Try again in Settings, under Updates, or install it yourself.',
  UPDATE_READY: ({ version }: { version: string }) => `Version ${version} is ready to be installed.`,
  RESTORE_FINISHED: () => 'A restore was interrupted, and has been finished now.',
} as const;
