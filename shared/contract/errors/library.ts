/** Errors of downloading, copying and deleting the models of inference servers. */
import type { Catalogue } from './entry.ts';

export const libraryErrors = {
  BAD_MODEL_NAME: {
    message: 'That is not a model name.',
    next: 'Write it as the library shows it, such as llama3.2:3b or hf.co/TEAM/MODEL:Q4_K_M.',
    status: 422,
  },
  MODEL_NOT_IN_REGISTRY: {
    message: 'The library has no model of that name.',
    next: 'Check the spelling and the tag. A model that was made on a machine with "ollama create" is in no library: make it on the other machine as well.',
    status: 404,
  },
  REGISTRY_UNREACHABLE: {
    message: 'That machine cannot reach the library of models.',
    next: 'Check its internet connection, its DNS and its proxy (HTTPS_PROXY of Ollama), then try again: what has arrived is kept.',
    status: 502,
  },
  REGISTRY_REFUSED: {
    message: 'The library refused to give that machine this model.',
    next: 'A private or gated model needs an account: sign in there, or add the key of that machine to your account.',
    status: 502,
  },
  SERVER_DISK_FULL: {
    message: 'The disk of that machine is full.',
    next: 'Delete a model that you no longer need there, or free some space, then try again: what has arrived is kept.',
    status: 507,
  },
} as const satisfies Catalogue;
