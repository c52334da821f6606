/** What the door for Immich answers. Each 503 lets Immich try again instead of giving a picture up. */
import type { Catalogue } from './entry.ts';

export const immichErrors = {
  IMMICH_HELD_TOO_LONG: {
    message: 'The machine was not ready in time.',
    next: 'Try again. If it stays so, check in Pilotlight why the machine does not wake.',
    status: 503,
  },
  IMMICH_WAKE_FAILED: {
    message: 'The machine did not wake.',
    next: 'Check in Pilotlight why it does not wake; its policy may forbid it at this hour.',
    status: 503,
  },
  IMMICH_NO_RUNNER: {
    message: 'No runner is available.',
    next: 'Add a machine whose agent has the role "runner", or start the runner of this computer.',
    status: 503,
  },
  IMMICH_MODEL_NOWHERE: {
    message: 'No runner has this model.',
    next: 'Start a runner with Immich’s model folder, or let Immich’s own machine learning download the model once.',
    status: 503,
  },
  IMMICH_RUNNER_FAILED: {
    message: 'The runner failed, and no other one could take over.',
    next: 'Try again. Activity and the log of the runner say what happened.',
    status: 503,
  },
  IMMICH_OCR_FAILED: {
    message: 'The machine learning for text in pictures did not answer.',
    next: 'Check its address in Settings → Immich, and that it runs.',
    status: 503,
  },
  IMMICH_DOOR_FULL: {
    message: 'Too many pictures are waiting.',
    next: 'Try again later, or give the door more memory for waiting pictures.',
    status: 503,
  },
  IMMICH_NOT_ALLOWED: {
    message: 'This address may not use the door for Immich.',
    next: 'Add the address of Immich to those that may connect.',
    status: 403,
  },
  IMMICH_TOO_SLOW: {
    message: 'The request did not arrive in time.',
    next: 'Check the connection between Immich and this machine.',
    status: 408,
  },
  IMMICH_TOO_LARGE: {
    message: 'The request is too large.',
    next: 'Let Immich send previews of at most 30 MB.',
    status: 413,
  },
} as const satisfies Catalogue;
