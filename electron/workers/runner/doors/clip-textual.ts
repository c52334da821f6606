/** Vectors of texts with CLIP's textual half. */
import * as z from 'zod';
import { firstVector } from '../pictures/vector.ts';
import type { Feeds, OpenedGraph, Tensor } from '../sessions.ts';

/** `config.json` of OpenCLIP. */
export const clipConfigSchema = z.object({
  text_cfg: z
    .object({
      context_length: z.number().int().min(3).max(4096).default(77),
      tokenizer_kwargs: z.object({ clean: z.string().optional() }).nullish(),
    })
    .default({ context_length: 77 }),
});
export type ClipConfig = z.infer<typeof clipConfigSchema>;

export interface ClipTokenizer {
  /** Ids with the special ones, at most `maxTokens`. */
  encode(text: string, maxTokens: number): number[];
  readonly padId: number;
}

export interface ClipTextual {
  embed(text: string, signal: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
}

export function createClipTextual(
  graph: OpenedGraph,
  { text_cfg: { context_length: length, tokenizer_kwargs } }: ClipConfig,
  tokenizer: ClipTokenizer,
): ClipTextual {
  const isCanonical = tokenizer_kwargs?.clean === 'canonicalize';
  return {
    async embed(text, signal) {
      const ids = tokenizer.encode(cleanText(text, isCanonical), length);
      const feeds = feedsOf(graph, length, ids, tokenizer.padId);
      return firstVector(await graph.run(feeds, { signal, urgent: true }));
    },
    close: () => graph.close(),
  };
}

/** Inputs with which providers are compared. */
export const textualTrial = (graph: Pick<OpenedGraph, 'inputs'>, { text_cfg }: ClipConfig): Feeds =>
  feedsOf(graph, text_cfg.context_length, [1, 2, 3, 4, 5], 0);

function feedsOf(
  { inputs }: Pick<OpenedGraph, 'inputs'>,
  length: number,
  ids: readonly number[],
  padId: number,
): Feeds {
  const ones = ids.map(() => 1);
  return Object.fromEntries(
    inputs.map(({ name, type }) => [
      name,
      name.includes('mask') ? row(type, length, ones, 0) : row(type, length, ids, padId),
    ]),
  );
}

/** All texts have the same length: the graphs were exported for it. */
function row(type: string, length: number, values: readonly number[], pad: number): Tensor {
  const all = Array.from({ length }, (_, at) => values[at] ?? pad);
  return type === 'int64'
    ? { type, dims: [1, length], data: BigInt64Array.from(all, BigInt) }
    : { type: 'int32', dims: [1, length], data: Int32Array.from(all) };
}

const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** One space between words; for models that were trained so, in lower case and without ASCII punctuation. */
export function cleanText(text: string, isCanonical: boolean): string {
  const spaced = text.trim().replace(/\s+/g, ' ');
  return isCanonical ? spaced.replace(PUNCTUATION, '').toLowerCase() : spaced;
}
