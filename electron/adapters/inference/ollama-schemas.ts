/**
 * The shapes of Ollama's responses. Servers of all ages and other programs answer, so as little as possible is required:
 * `null` means missing, an odd value counts as missing, and an odd entry is dropped without its list.
 */

import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { oneLine } from '../../../shared/printable.ts';

/** A longer list is not that of an inference server, and every model of it would be kept and shown. */
export const MOST_MODELS = 5000;

const text = (fallback: string) =>
  z
    .string()
    .nullish()
    .catch(null)
    .transform((value) => value ?? fallback);

/** null if it is missing. */
const textOrNull = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

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

interface Named {
  name: string;
  model: string;
}

/**
 * The entries that can be read and have a name, which is under one of two fields. `null` is an empty list: so Go writes
 * one. Throws RESPONSE_TOO_LARGE before the entries of a longer list are read.
 */
function modelsOf<Entry extends z.ZodType<Named>>(entry: Entry) {
  return z
    .array(z.unknown())
    .nullable()
    .transform((list): z.output<Entry>[] => {
      const entries = list ?? [];
      if (entries.length > MOST_MODELS) throw tooMany(entries.length);
      return entries.flatMap((one) => {
        const read = entry.safeParse(one);
        const name = read.success ? read.data.name || read.data.model : '';
        return read.success && name !== '' ? [{ ...read.data, name }] : [];
      });
    });
}

function tooMany(entries: number): PilotlightError {
  return new PilotlightError('RESPONSE_TOO_LARGE', {
    details: { phase: 'answer', entries, limitEntries: MOST_MODELS },
  });
}

export const versionSchema = z.object({ version: z.string().overwrite(oneLine).min(1).max(200) });

const detailsSchema = z.object({
  parent_model: textOrNull,
  format: textOrNull,
  family: text(''),
  families: texts,
  parameter_size: text(''),
  quantization_level: text(''),
  /** Since 0.30. */
  embedding_length: count,
  context_length: count,
});

const tagsModelSchema = z.object({
  name: text(''),
  model: text(''),
  digest: text(''),
  size: count,
  /** Set for a model that runs elsewhere, on someone else's computer. */
  remote_host: text(''),
  remote_model: text(''),
  /** RFC 3339. */
  modified_at: textOrNull,
  details: z
    .unknown()
    .optional()
    .transform((details) => detailsSchema.parse(isObject(details) ? details : {})),
  /** Since 0.30. */
  capabilities: texts,
});

export const tagsSchema = z.object({ models: modelsOf(tagsModelSchema) });

const psModelSchema = z.object({
  name: text(''),
  model: text(''),
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
  /** PARAMETER lines of the Modelfile. */
  parameters: z.string().nullish().catch(null),
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
  return found.startsWith('{') ? (errorText(parseAnswer(found)) ?? found) : found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type TagsModel = z.output<typeof tagsModelSchema>;
export type PsModel = z.output<typeof psModelSchema>;
export type ShowAnswer = z.output<typeof showSchema>;
