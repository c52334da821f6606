/** The sentences of a move, the same in the history, the activity and the answer to a person. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { formatMemory, formatPercent } from '../../../shared/units.ts';
import { gpuShareOf, placementOf } from './read.ts';

export function listNames(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export function placementWords(placement: Placement): string {
  return { gpu: 'on the GPU', partial: 'partly on the GPU', cpu: 'on the CPU' }[placement];
}

/** Where a model sits, with its figures. */
export function whereSentence(model: LoadedModel): string {
  switch (placementOf(model)) {
    case 'gpu':
      return `It is wholly on the GPU, ${formatMemory(model.vramBytes)} of VRAM.`;
    case 'partial':
      return `Only ${formatPercent(gpuShareOf(model))} of it is on the GPU: ${formatMemory(model.vramBytes)} of ${formatMemory(model.sizeBytes)}.`;
    case 'cpu':
      return 'It is on the CPU.';
  }
}

export function evictedSentence(evicted: readonly string[]): string {
  return evicted.length === 0
    ? ''
    : ` To make room, ${listNames(evicted)} ${evicted.length === 1 ? 'was' : 'were'} unloaded.`;
}

/** An error's message with the server's own words, where it carries them. */
export function errorSentence(error: unknown): string {
  if (!isPilotlightError(error)) return 'Something went wrong inside Pilotlight.';
  const server = error.details?.server;
  return typeof server === 'string' && server !== '' && !error.message.includes(server)
    ? `${error.message} The server says: ${server}`
    : error.message;
}
