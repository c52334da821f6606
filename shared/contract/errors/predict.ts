/** Errors of requests in the format of Immich’s machine learning. The agent has them, too. */
import type { Catalogue } from './entry.ts';

export const predictErrors = {
  PREDICT_BAD_ENTRIES: {
    message: 'The field "entries" does not say which models to run.',
    next: 'Send it as Immich’s server does, such as {"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}.',
    status: 422,
  },
  PREDICT_BAD_FORM: {
    message: 'The body is not a form with fields.',
    next: 'Send multipart/form-data with a boundary, complete.',
    status: 400,
  },
  PREDICT_NOTHING_GIVEN: {
    message: 'Either image or text must be provided.',
    next: 'Send a field "image" or a field "text" beside "entries".',
    status: 400,
  },
  PREDICT_MODEL_MISSING: {
    message: 'The model is not in Immich’s model folder.',
    next: 'Let Immich’s own machine learning download it once, or copy its folder; Pilotlight downloads none.',
    status: 500,
  },
  PREDICT_MODEL_FAILED: {
    message: 'The model could not be loaded.',
    next: 'Check the files of the model in Immich’s model folder.',
    status: 500,
  },
  PREDICT_NO_OCR: {
    message: 'The runner does not read text in pictures.',
    next: 'Enter the address of Immich’s own machine learning in Settings → Immich, or switch OCR off in Immich.',
    status: 501,
  },
} as const satisfies Catalogue;
