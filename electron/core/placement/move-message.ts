/** The messages that several parts of a move share. Pure. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel, VramShortage } from '../../../shared/models/placement.ts';
import { gpuShareOf, placementOf } from '../fleet/model-placement.ts';

/** Where a model is loaded, with its figures. */
export function locationMessage(model: LoadedModel): Message {
  const { vramBytes, sizeBytes } = model;
  return fact('MODEL_LOCATION', {
    placement: placementOf(model),
    vramBytes,
    sizeBytes,
    gpuShare: gpuShareOf(model),
  });
}

/** What a model needs, how much can be freed, and which programs use the rest. */
export function shortageMessage(node: string, shortage: VramShortage): Message {
  const { neededBytes, measured, totalBytes, availableBytes, holders } = shortage;
  return fact('VRAM_SHORTAGE', { node, neededBytes, measured, totalBytes, availableBytes, holders });
}

/** Why something failed, with the text of the server if there is one. */
export function failureMessage(error: unknown): Message {
  if (!isPilotlightError(error)) return errorMessage(new PilotlightError('INTERNAL'));
  const server = error.details?.server;
  const text = typeof server === 'string' ? server.trim() : '';
  return text === ''
    ? errorMessage(error)
    : fact('SERVER_FAILURE', { error: errorMessage(error), server: text });
}
