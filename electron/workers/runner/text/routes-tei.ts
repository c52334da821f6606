/** The paths of text-embeddings-inference (TEI). */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { parsed } from '../http/parsed.ts';
import type { RunnerRequest, RunnerRoute } from '../http/route.ts';
import { inputOf, MAX_BODY_BYTES, priorityOf } from './routes-openai.ts';
import type { TextInput, TextService } from './service.ts';
import {
  checkCount,
  cuttingOf,
  decodeSchema,
  embedAllSchema,
  embedSchema,
  MOST_TEXTS,
  refusal,
  similaritySchema,
  tokenizeSchema,
} from './tei-shape.ts';

const post = (path: string, handle: RunnerRoute['handle']): RunnerRoute => ({
  method: 'POST',
  path,
  handle,
  refusal,
});

export interface TeiRoutesOptions {
  texts: TextService;
  version: string;
  /** Lets others have their turn while a large answer is written. */
  pause(): Promise<void>;
}

export function teiRoutes({ texts, version, pause }: TeiRoutesOptions): RunnerRoute[] {
  const json = (request: RunnerRequest) => request.json(MAX_BODY_BYTES);

  async function embedBody(request: RunnerRequest, given: unknown) {
    const body = parsed(embedSchema, given);
    const input = counted(inputOf(body.inputs));
    const { vectors, tokenIds, provider } = await texts.embed({
      ...cuttingOf(body),
      model: body.model ?? null,
      input,
      purpose: null,
      prompt: body.prompt_name ?? null,
      priority: priorityOf(null, request),
      normalise: body.normalize ?? true,
      dimensions: body.dimensions ?? null,
      signal: request.signal,
    });
    return {
      status: 200,
      headers: countsOf(input, tokenIds, provider),
      body: vectors.map((vector) => Array.from(vector)),
    };
  }

  async function embedAll(request: RunnerRequest) {
    const body = parsed(embedAllSchema, await json(request));
    const input = counted(inputOf(body.inputs));
    const { vectors, tokenIds, provider } = await texts.embedTokens({
      ...cuttingOf(body),
      model: body.model ?? null,
      input,
      purpose: null,
      prompt: body.prompt_name ?? null,
      priority: priorityOf(null, request),
      signal: request.signal,
    });
    return {
      status: 200,
      headers: { 'content-type': 'application/json', ...countsOf(input, tokenIds, provider) },
      body: inPieces(vectors, pause),
    };
  }

  async function similarityBody(request: RunnerRequest, given: unknown) {
    const { inputs, model, parameters } = parsed(similaritySchema, given);
    const { vectors } = await texts.embed({
      ...cuttingOf(parameters ?? {}),
      model: model ?? null,
      input: counted([inputs.source_sentence, ...inputs.sentences]),
      purpose: null,
      prompt: parameters?.prompt_name ?? null,
      priority: priorityOf(null, request),
      signal: request.signal,
    });
    const [source, ...others] = vectors as [Float32Array, ...Float32Array[]];
    return { status: 200, body: others.map((other) => cosineOf(source, other)) };
  }

  /** The path of Hugging Face's inference clients, which have one for every task of a model. */
  async function anyTask(request: RunnerRequest) {
    const given = await json(request);
    const inputs = Object(given).inputs as unknown;
    const isPair = typeof inputs === 'object' && inputs !== null && 'source_sentence' in inputs;
    return isPair ? similarityBody(request, given) : embedBody(request, given);
  }

  async function tokenize(request: RunnerRequest) {
    const body = parsed(tokenizeSchema, await json(request));
    const all = await texts.tokenize({
      model: body.model ?? null,
      input: counted([body.inputs].flat()),
      prompt: body.prompt_name ?? null,
      specials: body.add_special_tokens ?? true,
      signal: request.signal,
    });
    // Where a token is in the text is not known here; TEI's own answer may leave it open, too.
    const shaped = all.map((tokens) => tokens.map((token) => ({ ...token, start: null, stop: null })));
    return { status: 200, body: shaped };
  }

  async function decode(request: RunnerRequest) {
    const body = parsed(decodeSchema, await json(request));
    const isOne = typeof body.ids[0] === 'number';
    const decoded = await texts.decode({
      model: body.model ?? null,
      ids: counted(isOne ? [body.ids as number[]] : (body.ids as number[][])),
      skipSpecial: body.skip_special_tokens ?? true,
    });
    return { status: 200, body: decoded };
  }

  async function info({ query }: RunnerRequest) {
    const { model, hash, precision, maxTokens, pooling } = await texts.info(query.get('model'));
    return {
      status: 200,
      body: {
        model_id: model,
        model_sha: hash,
        model_dtype: precision,
        model_type: { embedding: { pooling } },
        max_concurrent_requests: 512,
        max_input_length: maxTokens,
        max_batch_tokens: 16_384,
        max_batch_requests: null,
        max_client_batch_size: MOST_TEXTS,
        auto_truncate: true,
        tokenization_workers: 1,
        version,
        sha: null,
        docker_label: null,
      },
    };
  }

  /** Of models that are not for vectors. TEI has these paths for every model, and refuses in this way. */
  const otherTask = (path: string) =>
    post(path, () => {
      throw new PilotlightError('RUNNER_OTHER_TASK');
    });

  return [
    post('/embed', async (request) => embedBody(request, await json(request))),
    post('/', anyTask),
    post('/embed_all', embedAll),
    post('/tokenize', tokenize),
    post('/decode', decode),
    post('/similarity', async (request) => similarityBody(request, await json(request))),
    otherTask('/rerank'),
    otherTask('/embed_sparse'),
    { method: 'GET', path: '/info', handle: info, refusal },
  ];
}

/** @throws RUNNER_BODY_TOO_LARGE for too many texts */
function counted<Input extends readonly unknown[]>(input: Input): Input {
  checkCount(input.length);
  return input;
}

function countsOf(input: TextInput, tokenIds: readonly (readonly number[])[], provider: string) {
  const sum = (of: readonly { length: number }[]) => of.reduce((total, { length }) => total + length, 0);
  return {
    'x-compute-type': provider === 'cpu' ? 'cpu' : 'gpu',
    'x-compute-tokens': String(sum(tokenIds)),
    ...(typeof input[0] === 'string' ? { 'x-compute-characters': String(sum(input)) } : {}),
  };
}

/** The JSON of many vectors, one text at a time: all of it at once would hold the thread for seconds. */
async function* inPieces(
  texts: readonly Float32Array[][],
  pause: () => Promise<void>,
): AsyncGenerator<string> {
  for (const [place, tokens] of texts.entries()) {
    const text = JSON.stringify(tokens.map((vector) => Array.from(vector)));
    yield `${place === 0 ? '[' : ','}${text}${place === texts.length - 1 ? ']' : ''}`;
    await pause();
  }
}

function cosineOf(one: Float32Array, other: Float32Array): number {
  let [product, squareOne, squareOther] = [0, 0, 0];
  for (let index = 0; index < one.length; index += 1) {
    const [x, y] = [one[index] as number, other[index] as number];
    product += x * y;
    squareOne += x * x;
    squareOther += y * y;
  }
  const length = Math.sqrt(squareOne * squareOther);
  return length === 0 ? 0 : product / length;
}
