/** Errors of loading and moving models. */
import type { Catalogue } from './entry.ts';

export const placementErrors = {
  NO_GPU: {
    message: 'This machine has no GPU.',
    next: 'Choose a machine with a GPU.',
    status: 409,
  },
  GPU_NOT_USED: {
    message: 'The server accepted the load but put the model on the CPU.',
    next: 'Restart Ollama on that machine; it may have started before its GPU driver.',
    status: 409,
  },
  DOES_NOT_FIT: {
    message: 'The model does not fit in the VRAM of that machine.',
    next: 'Unload the models named below, or choose a smaller one.',
    status: 409,
  },
  VRAM_TAKEN: {
    message: 'Other programs are using the VRAM that the model needs. Nothing was unloaded.',
    next: 'Close the programs named below and try again, or force it anyway.',
    status: 409,
  },
  PINNED: { message: 'The model is pinned.', next: 'Unpin it first.', status: 409 },
  MODEL_BUSY: {
    message: 'The model is answering requests.',
    next: 'Try again when it is idle.',
    status: 409,
  },
  MOVE_IN_PROGRESS: {
    message: 'Another move is running on this machine.',
    next: 'Wait until it finishes.',
    status: 409,
  },
  MOVE_FAILED: {
    message: 'The move failed.',
    next: 'The details below give the reason, and the models that were loaded again.',
    status: 502,
  },
  NOT_LOADED: {
    message: 'The model is not loaded there.',
    next: 'To load it, force it to the GPU or the CPU.',
    status: 409,
  },
} as const satisfies Catalogue;
