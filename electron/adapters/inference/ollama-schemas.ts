/** The shapes of Ollama's responses. Only fields in use are required; the rest may change with versions. */
import * as z from 'zod';

const nullableStrings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? null);

const optionalCount = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

export const versionSchema = z.object({ version: z.string().min(1) });

const detailsSchema = z.object({
  family: z.string().default(''),
  parameter_size: z.string().default(''),
  quantization_level: z.string().default(''),
  /** Since 0.30. */
  embedding_length: optionalCount,
});

export const tagsSchema = z.object({
  models: z
    .array(
      z.object({
        name: z.string().min(1),
        digest: z.string(),
        size: z.number(),
        /** Set for a model that runs elsewhere, on someone else's computer. */
        remote_host: z.string().optional(),
        details: detailsSchema.prefault({}),
        /** Since 0.30. */
        capabilities: nullableStrings,
      }),
    )
    .nullable(),
});

export const psSchema = z.object({
  models: z
    .array(
      z.object({
        name: z.string().min(1),
        digest: z.string(),
        size: z.number(),
        size_vram: z.number().default(0),
        expires_at: z.string().default(''),
        context_length: optionalCount,
      }),
    )
    .nullable(),
});

export const showSchema = z.object({
  capabilities: nullableStrings,
  /** PARAMETER lines of the Modelfile. */
  parameters: z.string().nullish().catch(null),
  model_info: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => value ?? {}),
});

/** The response to an empty prompt: nothing is generated, the model is loaded or unloaded. */
export const generateDoneSchema = z.object({ done: z.literal(true), done_reason: z.string().optional() });

/** The numbers are checked once, when they are copied: there can be a million of them. */
export const embedSchema = z.object({ embeddings: z.array(z.custom<unknown[]>(Array.isArray)) });

export const errorBodySchema = z.object({ error: z.string() });
