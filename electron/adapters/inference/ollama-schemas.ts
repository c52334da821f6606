/**
 * The shapes of Ollama's responses. Servers of all ages and other programs answer, so as little as possible is required:
 * `null` means missing, an odd value counts as missing, and an odd entry is dropped without its list.
 */
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';

/** A longer list is not that of an inference server, and every model of it would be kept and shown. */
export const MOST_MODELS = 5000;

const text = (fallback: string) =>
  z
    .string()
    .nullish()
    .catch(null)
    .transform((value) => value ?? fallback);

/** A size or a count; null if it is missing. */
const count = z
  .number()
  .nonnegative()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

/** The texts among the entries; null if the list is missing. */
const texts = z
  .array(z.unknown())
  .nullish()
  .catch(null)
  .transform((list) => list?.filter((entry) => typeof entry === 'string') ?? null);

/** The entries that can be read. `null` is an empty list: so Go writes one. */
function listOf<Entry extends z.ZodType>(entry: Entry) {
  return z
    .array(z.unknown())
    .nullable()
    .transform((list): z.output<Entry>[] =>
      (list ?? []).flatMap((one) => {
        const read = entry.safeParse(one);
        return read.success ? [read.data] : [];
      }),
    );
}

/** Throws RESPONSE_TOO_LARGE before the entries are read. */
const modelsOf = <Entry extends z.ZodType>(entry: Entry) =>
  z.preprocess((list) => {
    if (Array.isArray(list) && list.length > MOST_MODELS) {
      throw new PilotlightError('RESPONSE_TOO_LARGE', {
        details: { phase: 'answer', entries: list.length, limitEntries: MOST_MODELS },
      });
    }
    return list;
  }, listOf(entry));

export const versionSchema = z.object({ version: z.string().trim().min(1).max(200) });

const detailsSchema = z.object({
  family: text(''),
  parameter_size: text(''),
  quantization_level: text(''),
  /** Since 0.30. */
  embedding_length: count,
  context_length: count,
});

/** A model has a name under one of two fields; without one it cannot be used. */
const named = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .object({ name: text(''), model: text('') })
    .transform(({ name, model }) => name || model)
    .refine((name) => name !== '')
    .transform((name) => ({ name }))
    .and(z.object(shape));

const tagsModelSchema = named({
  digest: text(''),
  size: count,
  /** Set for a model that runs elsewhere, on someone else's computer. */
  remote_host: text(''),
  details: z
    .unknown()
    .optional()
    .transform((details) => detailsSchema.parse(isObject(details) ? details : {})),
  /** Since 0.30. */
  capabilities: texts,
});

export const tagsSchema = z.object({ models: modelsOf(tagsModelSchema) });

const psModelSchema = named({
  digest: text(''),
  size: count,
  size_vram: count,
  expires_at: text(''),
  context_length: count,
});

export const psSchema = z.object({ models: modelsOf(psModelSchema) });

export const showSchema = z.object({
  /** Since 0.6.4. */
  capabilities: texts,
  model_info: z
    .unknown()
    .optional()
    .transform((info) => (isObject(info) ? info : {})),
});

/** The response to an empty prompt: nothing is generated, the model is loaded or unloaded. */
export const generateSchema = z.object({ done: z.boolean().nullish().catch(null) });

/** The response to an embed request without input, which only loads. */
export const embedNothingSchema = z.object({ embeddings: z.unknown() });

/**
 * The message of an error body: Ollama's `{error: text}`, that of its `/v1`, and what proxies send instead. Ollama passes
 * some errors of its runner on as JSON in the text.
 */
export function errorText(body: unknown): string | null {
  if (!isObject(body)) return null;
  for (const found of [body.error, body.detail, body.message]) {
    if (typeof found === 'string') return innerError(found);
    if (isObject(found) && typeof found.message === 'string') return found.message;
  }
  return null;
}

function innerError(found: string): string {
  if (!found.startsWith('{')) return found;
  try {
    return errorText(JSON.parse(found)) ?? found;
  } catch {
    return found;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type TagsModel = z.output<typeof tagsModelSchema>;
export type PsModel = z.output<typeof psModelSchema>;
export type ShowAnswer = z.output<typeof showSchema>;
