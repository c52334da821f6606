/** What the files beside a graph say about how it makes vectors of texts. Pure. */
import * as z from 'zod';

export type Pooling = 'mean' | 'cls' | 'last';

export interface TextConfig {
  /** null: the graph decides by its outputs. */
  pooling: Pooling | null;
  normalise: boolean;
  /** Tokens of a text, special ones included. */
  maxTokens: number;
  prompts: {
    query: string;
    passage: string;
    /** All of them, by the names in the file. */
    named: Readonly<Record<string, string>>;
  };
  /** Lengths to which its vectors may be cut, if the model names them. */
  shorter: readonly number[] | null;
  licence: string | null;
}

/** The parsed files; undefined where there is none. */
export interface ConfigFiles {
  model: unknown;
  tokenizer: unknown;
  modules: unknown;
  pooling: unknown;
  sentenceBert: unknown;
  sentenceTransformers: unknown;
}

const USUAL_TOKENS = 512;
/** Tokenizers without a limit say 10^30. */
const MOST_TOKENS = 1_000_000;

/** What cannot be used, for a person. */
export class UnusableConfig extends Error {
  readonly file: string;

  constructor(file: string, reason: string) {
    super(reason);
    this.file = file;
  }
}

const count = z.number().int().positive().max(MOST_TOKENS);
const modelSchema = z.object({
  max_position_embeddings: count.optional(),
  model_type: z.string().optional(),
});
const shorterSchema = z.object({ matryoshka_dimensions: z.array(z.number().int().positive()).min(1) });
const tokenizerSchema = z.object({ model_max_length: z.number().optional() });
const sentenceBertSchema = z.object({ max_seq_length: count.nullish() });
const modulesSchema = z.array(z.object({ type: z.string(), path: z.string().optional() }));
const promptsSchema = z.object({ prompts: z.record(z.string(), z.string()).optional() });

/** These number their positions from the padding token's. */
const OFFSET_POSITIONS = /roberta|camembert|mpnet|longformer/i;

const known = <T>(schema: z.ZodType<T>, value: unknown): T | undefined => schema.safeParse(value).data;

export function readTextConfig(files: ConfigFiles): TextConfig {
  const modules = known(modulesSchema, files.modules);
  const types = modules?.map(({ type }) => type.split('.').at(-1) ?? '') ?? [];
  const other = types.find((type) => !['Transformer', 'Pooling', 'Normalize'].includes(type));
  if (other !== undefined) throw new UnusableConfig('modules.json', `it needs a module ${other}.`);
  const prompts = known(promptsSchema, files.sentenceTransformers)?.prompts ?? {};
  return {
    pooling: poolingOf(files.pooling),
    // Without the list of modules nothing says so, but servers of such models do it.
    normalise: modules === undefined || types.includes('Normalize'),
    maxTokens: maxTokensOf(files),
    prompts: {
      query: prompts.query ?? prompts.search_query ?? '',
      passage: prompts.passage ?? prompts.document ?? prompts.search_document ?? '',
      named: prompts,
    },
    shorter: known(shorterSchema, files.model)?.matryoshka_dimensions ?? null,
    licence: null,
  };
}

function maxTokensOf(files: ConfigFiles): number {
  const model = known(modelSchema, files.model);
  const positions = model?.max_position_embeddings;
  const offset = positions !== undefined && OFFSET_POSITIONS.test(model?.model_type ?? '') ? 2 : 0;
  const mostPositions = positions === undefined ? Number.POSITIVE_INFINITY : Math.max(1, positions - offset);
  const own = known(sentenceBertSchema, files.sentenceBert)?.max_seq_length;
  if (own != null) return Math.min(own, mostPositions);
  const tokenizer = known(tokenizerSchema, files.tokenizer)?.model_max_length ?? MOST_TOKENS;
  const limit = Math.min(tokenizer >= 1 ? Math.floor(tokenizer) : MOST_TOKENS, mostPositions);
  return limit < MOST_TOKENS ? limit : USUAL_TOKENS;
}

const modes: Readonly<Record<string, Pooling>> = {
  mean: 'mean',
  mean_tokens: 'mean',
  cls: 'cls',
  cls_token: 'cls',
  last: 'last',
  lasttoken: 'last',
};

function poolingOf(file: unknown): Pooling | null {
  if (typeof file !== 'object' || file === null) return null;
  const entries = Object.entries(file);
  const named = entries.find(([key]) => key === 'pooling_mode')?.[1];
  const chosen =
    named === undefined
      ? entries
          .filter(([key, value]) => key.startsWith('pooling_mode_') && value === true)
          .map(([key]) => key.slice('pooling_mode_'.length))
      : [named].flat().map(String);
  if (chosen.length === 0) return null;
  const [only = ''] = chosen;
  const pooling = modes[only];
  if (chosen.length > 1 || pooling === undefined)
    throw new UnusableConfig('1_Pooling/config.json', `pooling by ${chosen.join(' and ')} is not supported.`);
  return pooling;
}
