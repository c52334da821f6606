/**
 * The answers of servers that speak only OpenAI's dialect (llama.cpp's llama-server, vLLM, LM Studio), as the core's
 * models. Pure. Each product says a little more than the dialect asks for; all of it is optional.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { DescribedModel, InstalledModel } from '../../../shared/models/placement.ts';
import { oneLine } from '../../../shared/printable.ts';
import { toVector } from './embeddings.ts';
import { MOST_MODELS } from './ollama-schemas.ts';

const count = z.number().nonnegative().nullish().catch(null);

const modelSchema = z.object({
  id: z.string().min(1).max(500),
  owned_by: z.string().catch(''),
  /** vLLM. */
  max_model_len: count,
  /** llama-server. */
  meta: z.object({ n_ctx_train: count, n_embd: count, n_params: count, size: count }).nullish().catch(null),
});
export type OpenAiModel = z.output<typeof modelSchema>;

export const modelsSchema = z.object({
  data: z.array(z.unknown()).transform((entries) => {
    if (entries.length > MOST_MODELS) {
      throw new PilotlightError('RESPONSE_TOO_LARGE', {
        details: { phase: 'answer', entries: entries.length, limitEntries: MOST_MODELS },
      });
    }
    return entries.flatMap((entry) => modelSchema.safeParse(entry).data ?? []);
  }),
});

/** vLLM. */
export const vllmVersionSchema = z.object({ version: z.string().overwrite(oneLine).min(1).max(200) });

/** llama-server, such as `b6942-4aaa5ba2`. */
export const propsSchema = z.object({ build_info: z.string().overwrite(oneLine).min(1).max(200) });

export const UNKNOWN_PRODUCT = 'OpenAI-compatible server';

/** The product's name by what it says of itself; for display only. `header` is that of `Server`. */
export function productOf(header: string | undefined, models: readonly OpenAiModel[]): string {
  const owners = new Set(models.map(({ owned_by }) => owned_by.toLowerCase()));
  if (header?.toLowerCase().startsWith('llama.cpp') || owners.has('llamacpp')) return 'llama.cpp';
  if (owners.has('vllm')) return 'vLLM';
  if (owners.has('organization_owner')) return 'LM Studio';
  return UNKNOWN_PRODUCT;
}

export function readOpenAiModel(model: OpenAiModel, product: string): InstalledModel {
  return {
    name: model.id,
    digest: identityOf(model, product),
    sizeBytes: model.meta?.size ?? 0,
    family: '',
    parameterSize: parameterSize(model.meta?.n_params ?? 0),
    quantization: '',
    capabilities: null,
    embeddingLength: model.meta?.n_embd ?? null,
    contextLength: contextOf(model),
  };
}

export function describeOpenAiModel(model: OpenAiModel | undefined): DescribedModel {
  return {
    capabilities: null,
    blockCount: null,
    embeddingLength: model?.meta?.n_embd ?? null,
    contextLength: model === undefined ? null : contextOf(model),
    headCount: null,
    headCountKv: null,
  };
}

const contextOf = ({ max_model_len, meta }: OpenAiModel): number | null =>
  max_model_len ?? meta?.n_ctx_train ?? null;

/**
 * These servers report no digest, and an empty one would make all their models equal, so that an index could mix their
 * vectors. Two servers have the same model if product, name and size agree.
 */
function identityOf({ id, meta }: OpenAiModel, product: string): string {
  return createHash('sha256')
    .update(JSON.stringify([product, id, meta?.size ?? null, meta?.n_params ?? null]))
    .digest('hex');
}

function parameterSize(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)}B`;
  return parameters > 0 ? `${Math.round(parameters / 1e6)}M` : '';
}

const embeddingsSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.unknown()) })),
});

/**
 * One vector for each text, in the order of the texts. Throws SERVER_ERROR for other vectors, as `readEmbeddings` does;
 * null if it is no answer to an embed request.
 */
export function readOpenAiEmbeddings(answer: unknown, wanted: number): Float32Array[] | null {
  const read = embeddingsSchema.safeParse(answer);
  if (!read.success) return null;
  const byIndex = new Map(read.data.data.map(({ index, embedding }) => [index, toVector(embedding)]));
  const vectors = Array.from({ length: wanted }, (_, index) => byIndex.get(index));
  const lengths = new Set(vectors.map((vector) => vector?.length));
  // A missing one has no length.
  if (read.data.data.length !== wanted || lengths.size > 1 || lengths.has(undefined)) {
    const what = `${read.data.data.length} vectors for ${wanted} texts, or vectors of different lengths`;
    throw new PilotlightError('SERVER_ERROR', {
      message: `The server answered with ${what}.`,
      details: { phase: 'answer', server: what },
    });
  }
  return vectors as Float32Array[];
}
