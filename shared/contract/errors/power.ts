/** Errors of powering a machine off, and of a lost GPU. */
import type { Catalogue } from './entry.ts';

export const powerErrors = {
  CANNOT_POWER_OFF: {
    message: 'Pilotlight cannot power this machine off.',
    next: 'Run the agent there with the power role, or enter its shutdown server.',
    status: 409,
  },
  DID_NOT_GO_OFF: {
    message: 'The machine should be off, but it still answers.',
    next: 'Check what keeps it on; its agent may not be allowed to power it off.',
    status: 504,
  },
  GPU_LOST: {
    message: 'The machine is awake, but Ollama there has no GPU.',
    next: 'Restart Ollama there, so that it detects its GPU again.',
    status: 409,
  },
} as const satisfies Catalogue;
