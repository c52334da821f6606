/** What Immich asks of a machine learning server, apart from HTTP. */
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';

const options = z.looseObject({}).nullish();
const named = z.object({ modelName: z.string().min(1), options });

const detectionOptions = z.object({ minScore: z.number().min(0).max(1).optional() }).nullish();
const textualOptions = z.object({ language: z.string().nullish() }).nullish();

/** Tasks, and the models of each; a task or type that Immich does not have is an error. */
export const entriesSchema = z
  .strictObject({
    clip: z
      .strictObject({
        visual: named.optional(),
        textual: named.extend({ options: textualOptions }).optional(),
      })
      .optional(),
    'facial-recognition': z
      .strictObject({ detection: named.extend({ options: detectionOptions }), recognition: named })
      .optional(),
    ocr: z.strictObject({ detection: named.optional(), recognition: named.optional() }).optional(),
  })
  .refine((entries) => Object.values(entries).some((types) => Object.keys(types ?? {}).length > 0));

export type PredictEntries = z.infer<typeof entriesSchema>;

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
  const result = entriesSchema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw new PilotlightError('PREDICT_BAD_ENTRIES', {
    details: {
      problems: result.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`),
    },
  });
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
