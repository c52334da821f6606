/** Errors of the runners of the fleet, as the core meets them. */
import type { Catalogue } from './entry.ts';

export const runnerFleetErrors = {
  RUNNER_OFF: {
    message: 'The runner of this computer is switched off.',
    next: 'Switch it on in Settings → Runner.',
    status: 409,
  },
  RUNNER_NOT_STARTED: {
    message: 'The runner of this computer could not be started.',
    next: 'Run "npm run pilotlight -- runner check" to see what is missing.',
    status: 503,
  },
  NO_RUNNER: {
    message: 'No runner that is awake can do this.',
    next: 'Start the runner of this computer, or add the model to a runner that is awake.',
    status: 409,
  },
  NOT_A_RUNNER: {
    message: 'Something answers there, but it is not a runner.',
    next: 'Check the address in Settings → Runner; an agent with the role "runner" uses port 8765.',
    status: 502,
  },
  RUNNER_REFUSED: {
    message: 'The runner refuses the token.',
    next: 'Pair the agent of that machine again, or enter the right token in Settings → Runner.',
    status: 502,
  },
  RUNNER_ERROR: {
    message: 'The runner returned an error.',
    next: "Check the runner's message; its log may say more.",
    status: 502,
  },
  RUNNER_MODEL_CHANGED: {
    message: 'The runner has other files under the name of this model now.',
    next: 'Add the right model again, or rebuild the index with the new one.',
    status: 409,
  },
  RUNNER_GPU_LOST: {
    message: 'The runner works on the CPU, although it used a GPU before.',
    next: 'Restart the runner there; if the GPU stays away, restart the machine or update its driver.',
    status: 409,
  },
  PICTURE_UNREADABLE: {
    message: 'This is not a picture that the runner can read.',
    next: 'Choose a JPEG, PNG or WebP file of at most 10 MB.',
    status: 422,
  },
  PULL_RUNNING: {
    message: 'This model is being downloaded already.',
    next: 'Wait until it is there, or cancel the download.',
    status: 409,
  },
} as const satisfies Catalogue;
