/** Vectors and tokens of texts for every protocol: the model, its prompts, the limits, the queue. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import { normaliseInPlace } from '../inference/reduce.ts';
import type { Shelf } from '../models/shelf.ts';
import { encodeAll } from './encode.ts';
import type { TextModel } from './kind.ts';

/** Texts, or texts that are tokens already. */
export type TextInput = readonly string[] | readonly (readonly number[])[];

export interface TextRequest {
  /** null for the one that was used last. */
  model: string | null;
  /** Of the model's files: others under its name are refused. Default: any. */
  hash?: string | null;
  input: TextInput;
  /** What the texts are for: models with prompts put them before. */
  purpose: 'query' | 'passage' | null;
  /** A prompt by its name in the model's files, in place of a purpose. Refused if the model has none of that name. */
  prompt?: string | null;
  /** null: few texts are a query. */
  priority: 'query' | 'bulk' | null;
  /** Rejects longer texts in place of cutting them off. */
  refuseLong?: boolean;
  /** Of a longer text. Default: its start. */
  keep?: 'start' | 'end';
  /** Default: as the model's files say. */
  normalise?: boolean;
  /** Cuts the vectors off, for models that were trained for it. Refused where the model names other lengths. */
  dimensions?: number | null;
  signal: AbortSignal;
}

export interface TextAnswer {
  model: string;
  hash: string;
  provider: RunnerProvider;
  vectors: Float32Array[];
  tokenIds: number[][];
}

export type TokensAnswer = Omit<TextAnswer, 'vectors'> & { vectors: Float32Array[][] };

export interface TextInfo {
  model: string;
  hash: string;
  precision: string;
  maxTokens: number;
  pooling: string;
}

export interface Token {
  id: number;
  text: string;
  special: boolean;
}

export interface TextService {
  /** Rejects with RUNNER_NO_MODEL, BAD_REQUEST, RUNNER_NAN and so on. */
  embed(request: TextRequest): Promise<TextAnswer>;
  /** The vectors of the tokens of each text. Also rejects with RUNNER_NO_TOKEN_VECTORS. */
  embedTokens(request: Omit<TextRequest, 'normalise' | 'dimensions'>): Promise<TokensAnswer>;
  /** All tokens of the texts, however long these are. */
  tokenize(
    request: Pick<TextRequest, 'model' | 'prompt' | 'signal'> & {
      input: readonly string[];
      /** Whether the special tokens around a text are among them. */
      specials: boolean;
    },
  ): Promise<Token[][]>;
  /** The texts of tokens. Rejects with BAD_REQUEST for what is no token of the model. */
  decode(request: {
    model: string | null;
    ids: readonly (readonly number[])[];
    skipSpecial: boolean;
  }): Promise<string[]>;
  info(model: string | null): Promise<TextInfo>;
}

/** At most so many texts are a query if nothing says otherwise. */
const MOST_QUERY_TEXTS = 4;
/** Texts of one request that become tokens before the first of them run. */
const PART = 256;

export function createTextService(options: {
  shelf: Shelf;
  pause(): Promise<void>;
  monotonic(): number;
  onTexts(count: number): void;
}): TextService {
  const { shelf, pause, monotonic, onTexts } = options;

  type TokensRequest = Omit<TextRequest, 'model' | 'priority'>;
  async function tokensOf({ loaded }: TextModel, request: TokensRequest): Promise<number[][]> {
    const { tokenizer, config } = loaded;
    const { input, signal, keep = 'start', refuseLong = false } = request;
    const maxTokens = refuseLong ? config.maxTokens + 1 : config.maxTokens;
    const options = { tokenizer, maxTokens, keep, pause, monotonic, signal };
    const tokens = areTexts(input)
      ? await encodeAll(prompted(input, promptOf(config.prompts, request)), options)
      : input.map((ids) => {
          const all = checkedIds(ids, tokenizer.size);
          return keep === 'end' ? all.slice(-maxTokens) : all.slice(0, maxTokens);
        });
    const long = refuseLong ? tokens.findIndex(({ length }) => length > config.maxTokens) : -1;
    if (long >= 0)
      throw new PilotlightError('RUNNER_BODY_TOO_LARGE', {
        message: fact('RUNNER_TEXT_TOO_LONG', { index: long, most: config.maxTokens }),
      });
    return tokens;
  }

  /** The first part runs while the next one becomes tokens. */
  async function inParts(model: TextModel, request: TextRequest, urgent: boolean) {
    const { input, signal } = request;
    const { embedder, ownRuns, loaded } = model;
    const isRaw = request.normalise === false && loaded.output.normalise;
    const ended = new AbortController();
    const end = () => ended.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const options = { urgent, signal: ended.signal };
    const tokenIds: number[][] = [];
    const running: Promise<Float32Array[]>[] = [];
    try {
      for (let from = 0; from < input.length; from += PART) {
        const part = await tokensOf(model, {
          ...request,
          input: input.slice(from, from + PART) as TextInput,
        });
        tokenIds.push(...part);
        const vectors = isRaw ? ownRuns.raw(part, options) : embedder.embed(part, options);
        // Awaited below, together with the others.
        vectors.catch(() => {});
        running.push(vectors);
      }
      const vectors = (await Promise.all(running)).flat();
      if (request.normalise === true && !loaded.output.normalise) vectors.forEach(normaliseInPlace);
      return { tokenIds, vectors };
    } catch (error) {
      // What is left of the request runs for nobody.
      ended.abort(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  const isUrgent = ({ priority, input }: Pick<TextRequest, 'priority' | 'input'>) =>
    priority === null ? input.length <= MOST_QUERY_TEXTS : priority === 'query';

  function withModel<Answer>(
    request: Pick<TextRequest, 'model' | 'hash' | 'input'>,
    work: (model: TextModel, entry: { name: string; hash: string }) => Promise<Answer>,
  ): Promise<Answer> {
    if (request.input.length === 0)
      return Promise.reject(new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_NO_TEXTS') }));
    return shelf.use<TextModel, Answer>('text', request.model, async (model, entry) => {
      if (request.hash != null && request.hash !== entry.hash)
        throw new PilotlightError('RUNNER_MODEL_CHANGED', { details: { hash: entry.hash } });
      return work(model, entry);
    });
  }

  return {
    embed: (request) =>
      withModel(request, async (model, { name, hash }) => {
        const cut = cutTo(model, request.dimensions ?? null);
        const { vectors, tokenIds } = await inParts(model, request, isUrgent(request));
        onTexts(vectors.length);
        return { model: name, hash, provider: model.provider(), vectors: vectors.map(cut), tokenIds };
      }),
    embedTokens: (request) =>
      withModel(request, async (model, { name, hash }) => {
        const tokenIds = await tokensOf(model, request);
        const { signal } = request;
        const vectors = await model.ownRuns.ofTokens(tokenIds, { urgent: isUrgent(request), signal });
        onTexts(vectors.length);
        return { model: name, hash, provider: model.provider(), vectors, tokenIds };
      }),
    tokenize: ({ model, input, prompt = null, specials, signal }) =>
      withModel({ model, input }, async ({ loaded: { tokenizer, config } }) => {
        const { before, after } = tokenizer.specials;
        const all = await encodeAll(prompted(input, promptOf(config.prompts, { prompt, purpose: null })), {
          tokenizer,
          maxTokens: Number.POSITIVE_INFINITY,
          pause,
          monotonic,
          signal,
        });
        return all.map((ids) =>
          (specials ? ids : ids.slice(before.length, ids.length - after.length)).map((id) => ({
            id,
            text: tokenizer.token(id) ?? '',
            special: tokenizer.isSpecial(id),
          })),
        );
      }),
    decode: ({ model, ids, skipSpecial }) =>
      withModel({ model, input: ids }, async ({ loaded: { tokenizer } }) =>
        ids.map((one) => tokenizer.decode(checkedIds(one, tokenizer.size), { skipSpecial })),
      ),
    info(name) {
      return shelf.use<TextModel, TextInfo>(
        'text',
        name,
        async ({ loaded }, { name: model, hash, precision }) => ({
          model,
          hash,
          precision,
          maxTokens: loaded.config.maxTokens,
          pooling: loaded.output.pooling,
        }),
      );
    },
  };
}

type Prompts = TextModel['loaded']['config']['prompts'];

/** What comes before each text. Throws BAD_REQUEST for a name that the model does not have. */
function promptOf(prompts: Prompts, { prompt, purpose }: Pick<TextRequest, 'prompt' | 'purpose'>): string {
  if (prompt == null) return purpose === null ? '' : prompts[purpose];
  const found = Object.hasOwn(prompts.named, prompt) ? prompts.named[prompt] : undefined;
  if (found !== undefined) return found;
  throw new PilotlightError('BAD_REQUEST', {
    message: fact('RUNNER_UNKNOWN_PROMPT', { name: prompt.slice(0, 100), names: Object.keys(prompts.named) }),
  });
}

const prompted = (texts: readonly string[], prompt: string) =>
  prompt === '' ? texts : texts.map((text) => `${prompt}${text}`);

/** Cuts a vector to so many numbers, of length 1 again. Throws BAD_REQUEST for what the model does not allow. */
function cutTo(
  { loaded: { dimensions: all, config } }: TextModel,
  wanted: number | null,
): (vector: Float32Array) => Float32Array {
  if (wanted === null || wanted === all) return (vector) => vector;
  const { shorter } = config;
  if (wanted > all || (shorter !== null && !shorter.includes(wanted)))
    throw new PilotlightError('BAD_REQUEST', {
      message: fact('RUNNER_DIMENSIONS_REFUSED', { most: all, shorter: shorter ?? [] }),
    });
  return (vector) => {
    const short = vector.slice(0, wanted);
    normaliseInPlace(short);
    return short;
  };
}

const areTexts = (input: TextInput): input is readonly string[] => typeof input[0] === 'string';

/** An id beyond the vocabulary would fail every text of its batch. */
function checkedIds(ids: readonly number[], size: number): number[] {
  if (ids.length === 0 || ids.some((id) => !Number.isInteger(id) || id < 0 || id >= size))
    throw new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_BAD_TOKENS', { size }) });
  return [...ids];
}
