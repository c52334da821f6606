/** Vectors and tokens of texts for every protocol: the model, its prompts, the limits, the queue. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
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
  /** null: few texts are a query. */
  priority: 'query' | 'bulk' | null;
  /** Rejects longer texts in place of cutting them off. */
  refuseLong?: boolean;
  signal: AbortSignal;
}

export interface TextAnswer {
  model: string;
  hash: string;
  provider: RunnerProvider;
  vectors: Float32Array[];
  tokenIds: number[][];
}

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
  tokenize(request: Pick<TextRequest, 'model' | 'input' | 'signal'>): Promise<Token[][]>;
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

  async function tokensOf(model: TextModel, request: TextRequest): Promise<number[][]> {
    const { tokenizer, config } = model.loaded;
    const { input, purpose, signal, refuseLong = false } = request;
    const maxTokens = refuseLong ? config.maxTokens + 1 : config.maxTokens;
    const prompt = purpose === null ? '' : config.prompts[purpose];
    const tokens = areTexts(input)
      ? await encodeAll(prompt === '' ? input : input.map((text) => `${prompt}${text}`), {
          tokenizer,
          maxTokens,
          pause,
          monotonic,
          signal,
        })
      : input.map((ids) => checkedIds(ids, tokenizer.size).slice(0, maxTokens));
    const long = refuseLong ? tokens.findIndex(({ length }) => length > config.maxTokens) : -1;
    if (long >= 0)
      throw new PilotlightError('BAD_REQUEST', {
        message: fact('RUNNER_TEXT_TOO_LONG', { index: long, most: config.maxTokens }),
      });
    return tokens;
  }

  /** The first part runs while the next one becomes tokens. */
  async function inParts(model: TextModel, request: TextRequest, urgent: boolean) {
    const { input, signal } = request;
    const failed = new AbortController();
    const options = { urgent, signal: AbortSignal.any([signal, failed.signal]) };
    const tokenIds: number[][] = [];
    const running: Promise<Float32Array[]>[] = [];
    try {
      for (let from = 0; from < input.length; from += PART) {
        const part = await tokensOf(model, {
          ...request,
          input: input.slice(from, from + PART) as TextInput,
        });
        tokenIds.push(...part);
        const vectors = model.embedder.embed(part, options);
        // Awaited below, together with the others.
        vectors.catch(() => {});
        running.push(vectors);
      }
      return { tokenIds, vectors: (await Promise.all(running)).flat() };
    } catch (error) {
      // What is left of the request runs for nobody.
      failed.abort(error);
      throw error;
    }
  }

  return {
    embed(request) {
      if (request.input.length === 0)
        return Promise.reject(new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_NO_TEXTS') }));
      return shelf.use<TextModel, TextAnswer>('text', request.model, async (model, { name, hash }) => {
        if (request.hash != null && request.hash !== hash)
          throw new PilotlightError('RUNNER_MODEL_CHANGED', { details: { hash } });
        const urgent =
          request.priority === null ? request.input.length <= MOST_QUERY_TEXTS : request.priority === 'query';
        const { vectors, tokenIds } = await inParts(model, request, urgent);
        onTexts(vectors.length);
        return { model: name, hash, provider: model.provider(), vectors, tokenIds };
      });
    },
    tokenize({ model, input, signal }) {
      return shelf.use<TextModel, Token[][]>('text', model, async (loaded) => {
        const { tokenizer } = loaded.loaded;
        const request: TextRequest = { model, input, purpose: null, priority: null, signal };
        const all = await tokensOf(loaded, request);
        return all.map((ids) =>
          ids.map((id) => ({ id, text: tokenizer.token(id) ?? '', special: tokenizer.isSpecial(id) })),
        );
      });
    },
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

const areTexts = (input: TextInput): input is readonly string[] => typeof input[0] === 'string';

/** An id beyond the vocabulary would fail every text of its batch. */
function checkedIds(ids: readonly number[], size: number): number[] {
  if (ids.length === 0 || ids.some((id) => !Number.isInteger(id) || id < 0 || id >= size))
    throw new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_BAD_TOKENS', { size }) });
  return [...ids];
}
