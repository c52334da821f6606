/** What Immich asks of a machine learning server, apart from HTTP. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { type PredictEntries, readPredictEntries } from '../../../../shared/contract/immich.ts';

export type { PredictEntries } from '../../../../shared/contract/immich.ts';

export interface PredictRequest {
  entries: PredictEntries;
  image: Buffer | null;
  text: string | null;
}

export interface PredictedFace {
  /** Whole pixels of the upright picture. */
  boundingBox: { x1: number; y1: number; x2: number; y2: number };
  /** A JSON array, as text: Immich hands it on to its database as it is. */
  embedding: string;
  score: number;
}

export interface PredictAnswer {
  /** A JSON array, as text. */
  clip?: string;
  'facial-recognition'?: PredictedFace[];
  imageHeight?: number;
  imageWidth?: number;
}

/** Serves predictions here, or on another machine. */
export interface Predictor {
  /**
   * @throws PREDICT_NOTHING_GIVEN, PREDICT_NO_OCR, PREDICT_MODEL_MISSING, PREDICT_MODEL_FAILED, the errors of pictures,
   * of faces and of runs; the signal's reason
   */
  predict(request: PredictRequest, signal: AbortSignal): Promise<PredictAnswer>;
}

/** The value of the field `entries`. @throws PREDICT_BAD_ENTRIES */
export function readEntries(text: string | undefined): PredictEntries {
  const read = readPredictEntries(text);
  if ('entries' in read) return read.entries;
  throw new PilotlightError('PREDICT_BAD_ENTRIES', { details: { problems: read.problems } });
}
