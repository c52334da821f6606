/** Requests for predictions, as Immich's server sends them to machine learning. */
import * as z from 'zod/mini';

const options = z.nullish(z.looseObject({}));
const modelName = z.string().check(z.minLength(1));
const named = z.object({ modelName, options });
const textual = z.object({
  modelName,
  options: z.nullish(z.object({ language: z.nullish(z.string()) })),
});
const detection = z.object({
  modelName,
  options: z.nullish(z.object({ minScore: z.optional(z.number().check(z.minimum(0), z.maximum(1))) })),
});

/** Tasks, and the models of each; a task or type that Immich does not have is an error. */
export const predictEntriesSchema = z
  .strictObject({
    clip: z.optional(z.strictObject({ visual: z.optional(named), textual: z.optional(textual) })),
    'facial-recognition': z.optional(z.strictObject({ detection, recognition: named })),
    ocr: z.optional(z.strictObject({ detection: z.optional(named), recognition: z.optional(named) })),
  })
  .check(z.refine((entries) => Object.values(entries).some((types) => Object.keys(types ?? {}).length > 0)));

export type PredictEntries = z.infer<typeof predictEntriesSchema>;

/** `problems` has at most five. */
export type EntriesRead = { entries: PredictEntries } | { problems: string[] };

/** The value of the field `entries`. */
export function readPredictEntries(text: string | undefined): EntriesRead {
  const result = predictEntriesSchema.safeParse(parseJson(text));
  if (result.success) return { entries: result.data };
  return {
    problems: result.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`),
  };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/**
 * The folder's name for a model, as Immich makes it; empty if nothing is left. It has no dots and no separators, so it
 * cannot lead out of the folder.
 */
export function immichFolderName(model: string): string {
  const last = model.split('/').at(-1) ?? '';
  return last.replace(/[:\\]/g, '_').replaceAll('.', '').replaceAll('\0', '');
}

/** The graphs that a request needs, each as `clip/ViT-B-32__openai/visual`: its folder in Immich's model folder. */
export function neededGraphs(entries: PredictEntries): string[] {
  const { clip, 'facial-recognition': faces } = entries;
  const graph = (task: string, model: string, type: string) => `${task}/${immichFolderName(model)}/${type}`;
  return [
    ...(clip?.visual ? [graph('clip', clip.visual.modelName, 'visual')] : []),
    ...(clip?.textual ? [graph('clip', clip.textual.modelName, 'textual')] : []),
    ...(faces
      ? [
          graph('facial-recognition', faces.detection.modelName, 'detection'),
          graph('facial-recognition', faces.recognition.modelName, 'recognition'),
        ]
      : []),
  ];
}
