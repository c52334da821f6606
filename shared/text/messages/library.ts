import { formatBytes } from '../../units.ts';
import { sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** Downloading, copying and deleting models. */
export const libraryMessages = {
  /** Why a machine is kept awake, as part of a sentence. */
  DOWNLOADING_MODEL: ({ model }: { model: string }) => `downloading ${model}`,
  MODEL_PULLED: ({ model, node, bytes }: { model: string; node: string; bytes: number | null }) =>
    `${model} was downloaded to ${node}${bytes === null ? '' : ` (${formatBytes(bytes)})`}.`,
  MODEL_PULL_FAILED: ({ model, node, error }: { model: string; node: string; error: Text }) =>
    sentences(`${model} was not downloaded to ${node}.`, error),
  MODEL_PULL_CANCELLED: ({ model, node }: { model: string; node: string }) =>
    `The download of ${model} to ${node} was cancelled.`,
  MODEL_DELETED: ({ model, node }: { model: string; node: string }) => `${model} was deleted from ${node}.`,
  COPY_DIFFERS: ({ model, from }: { model: string; from: string }) =>
    `The library has a newer ${model} than ${from}: the two machines have different files of that name now.`,
  PULL_THERE_AGAIN: ({ from }: { from: string }) => `To make them equal, download it to ${from} as well.`,
  SAME_MODEL_THERE: ({ model, node }: { model: string; node: string }) =>
    `${node} already has the same files of ${model}.`,
  WAKE_IT_FOR_PULL: () => 'Wake it first, or allow it to be woken for the download.',
  SERVER_KEEPS_ITS_MODELS: ({ node }: { node: string }) =>
    `The server of ${node} can neither download nor delete models.`,
  STILL_LOADED: ({ model, node }: { model: string; node: string }) =>
    `${model} is still in the memory of ${node}, so it was not deleted.`,
  MODEL_NEEDS_NEWER_OLLAMA: () => 'This model needs a newer version of Ollama than that machine has.',
};
