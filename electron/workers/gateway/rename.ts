/** The body as a node gets it: with the name that the model has there, and the context that a rule gives it. */
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { Dialect } from '../../core/gateway/model.ts';
import { withContext } from './context-splice.ts';
import type { KeptBody } from './read-body.ts';
import type { RelayBody } from './relay.ts';
import { lengthOf, splice } from './splice.ts';

/** Small bodies are sent in one write. */
const ONE_WRITE = 64 * 1024;

export interface SentBody {
  body: RelayBody;
  length: number;
  /** The context that it has now instead of its own; null if that was left alone. */
  contextLength: number | null;
}

/**
 * Ollama knows a model by its name in any case and without `:latest`, and repeats in its answer what was asked for; so
 * its name is left alone. An encoded body is sent as it came.
 */
export function bodyFor(
  body: KeptBody,
  model: string,
  {
    dialects,
    isFallback,
    contextLength,
  }: { dialects: readonly Dialect[]; isFallback: boolean; contextLength: number | null },
): SentBody {
  const { fields, chunks, encoding } = body;
  const asked = fields.model ?? '';
  const isKnown = dialects.includes('ollama') && canonicalName(asked) === canonicalName(model);
  const name = isKnown && !isFallback ? asked : model;
  // Servers differ in which of two values counts.
  const isAmbiguous = fields.modelSpans.length > 1;
  const isLeft = encoding !== null || (name === asked && !isAmbiguous);
  const renamed = isLeft ? chunks : splice(chunks, fields.modelSpans, Buffer.from(JSON.stringify(name)));
  const changed = contextLength === null ? null : withContext(Buffer.concat(renamed), contextLength);
  if (changed !== null) return { body: changed, length: changed.length, contextLength };
  const length = isLeft ? body.length : lengthOf(renamed);
  return { body: written(renamed, length), length, contextLength: null };
}

function written(chunks: readonly Buffer[], length: number): RelayBody {
  if (length === 0) return null;
  if (chunks.length === 1) return chunks[0] ?? null;
  return length <= ONE_WRITE ? Buffer.concat(chunks) : chunks;
}
