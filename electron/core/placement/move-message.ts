/** The sentences of a move, the same in the history, the activity and the answer to a person. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { LoadedModel, Placement, VramHolder, VramShortage } from '../../../shared/models/placement.ts';
import { formatMemory, formatPercent } from '../../../shared/units.ts';
import { gpuShareOf, placementOf } from '../fleet/model-placement.ts';

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

/** What a model needs, what there is at most, and who holds the rest. */
export function shortageSentence(nodeName: string, shortage: VramShortage): string {
  const { neededBytes, measured, totalBytes, availableBytes, holders } = shortage;
  const needs = `It needs ${measured ? '' : 'about '}${formatMemory(neededBytes)} of VRAM`;
  const most = `${formatMemory(availableBytes)} of the ${formatMemory(totalBytes)} on ${nodeName} can be made free`;
  return holders.length === 0
    ? `${needs}, and at most ${most}.`
    : `${needs}, and at most ${most}: ${holdersText(holders)}.`;
}

/** At most three are named. */
const MOST_NAMED = 3;

/** `python3 holds 74 GB and other programs hold 1.2 GB` */
export function holdersText(holders: readonly VramHolder[]): string {
  const named = holders.filter((holder) => holder.name !== null);
  const shown = named.slice(0, MOST_NAMED);
  const rest = [...named.slice(MOST_NAMED), ...holders.filter((holder) => holder.name === null)];
  const restBytes = rest.reduce((sum, holder) => sum + holder.bytes, 0);
  return listNames([
    ...shown.map(({ name, bytes }) => `${name} holds ${formatMemory(bytes)}`),
    ...(rest.length === 0
      ? []
      : [
          `${shown.length === 0 ? 'programs other than Ollama' : 'other programs'} hold ${formatMemory(restBytes)}`,
        ]),
  ]);
}

export const vanishedSentence = 'The server reported the model as loaded, but it is not.';

export function evictedSentence(evicted: readonly string[]): string {
  return evicted.length === 0
    ? ''
    : ` To make room, ${listNames(evicted)} ${evicted.length === 1 ? 'was' : 'were'} unloaded.`;
}

/** An error's message with the server's own words, where it carries them. */
export function errorSentence(error: unknown): string {
  if (!isPilotlightError(error)) return 'Something went wrong inside Pilotlight.';
  const server = error.details?.server;
  const sentence =
    typeof server === 'string' && server !== '' && !error.message.includes(server)
      ? `${error.message} The server says: ${server.trim()}`
      : error.message.trim();
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
