/** `/api/embed` and the older `/api/embeddings`. */
import { countTokens, shortened } from './embedding.ts';
import {
  booleanField,
  type Exchange,
  type JsonObject,
  readJson,
  sendJson,
  textField,
  withoutEmpty,
} from './http-exchange.ts';
import type { Lease } from './lifecycle.ts';
import { type ModelDefinition, OllamaError } from './model.ts';
import type { Runner } from './runner.ts';
import {
  acquire,
  duration,
  embedderFor,
  findModel,
  notFound,
  readRequestedLoad,
  type ServerContext,
} from './server-context.ts';

export async function embed(context: ServerContext, exchange: Exchange): Promise<void> {
  const started = context.clock.monotonic();
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'EmbedRequest');
  const requested = readRequestedLoad(body, 'EmbedRequest');
  const truncate = booleanField(body, 'truncate', 'EmbedRequest') ?? true;
  const texts = readInput(body.input);
  const model = findModel(context, name, notFound.embedding);
  const lease = await acquire(context, model, requested, exchange.signal);
  try {
    if (texts.length === 0) {
      sendJson(exchange.response, 200, { model: name, embeddings: [] });
      return;
    }
    const { vectors, tokens } = await embedTexts(context, lease, texts, { truncate, body }, exchange.signal);
    sendJson(exchange.response, 200, {
      model: name,
      embeddings: vectors,
      ...withoutEmpty({
        total_duration: duration(context.clock.monotonic() - started),
        load_duration: duration(lease.waitedMs),
        prompt_eval_count: tokens,
      }),
    });
  } finally {
    lease.release();
  }
}

export async function embeddings(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'EmbeddingRequest');
  const prompt = textField(body, 'prompt', 'EmbeddingRequest');
  const requested = readRequestedLoad(body, 'EmbeddingRequest');
  const model = findModel(context, name, notFound.embedding);
  const lease = await acquire(context, model, requested, exchange.signal);
  try {
    if (prompt === '') {
      sendJson(exchange.response, 200, { embedding: [] });
      return;
    }
    // It never shortens a text, and passes a refusal on as a failure.
    const { vectors } = await embedTexts(
      context,
      lease,
      [prompt],
      { truncate: false, body: {} },
      exchange.signal,
    ).catch((error: unknown) => {
      if (error instanceof OllamaError && error.status === 400) throw new OllamaError(500, error.message);
      throw error;
    });
    sendJson(exchange.response, 200, { embedding: vectors[0] });
  } finally {
    lease.release();
  }
}

export function readInput(input: unknown): string[] {
  if (input === undefined || input === null || input === '') return [];
  if (typeof input === 'string') return [input];
  if (Array.isArray(input) && input.every((entry) => typeof entry === 'string')) return input;
  throw new OllamaError(400, 'invalid input type');
}

/** The vectors of a batch, in order. If truncation is off, one text that is too long fails them all. */
export async function embedTexts(
  context: ServerContext,
  lease: Lease,
  texts: readonly string[],
  requested: { truncate: boolean; body: JsonObject },
  signal: AbortSignal,
): Promise<{ vectors: number[][]; tokens: number }> {
  const { model, contextLength } = lease.runner;
  // Its runner was started to generate; it is not restarted to embed.
  if (model.capabilities.includes('completion') && !model.capabilities.includes('embedding'))
    throw new OllamaError(501, 'This server does not support embeddings. Start it with `--embeddings`');
  let tokens = 0;
  for (const text of texts) {
    // Two more mark the beginning and the end.
    const count = countTokens(text) + 2;
    if (count > contextLength && !requested.truncate) {
      throw new OllamaError(400, 'the input length exceeds the context length');
    }
    tokens += Math.min(count, contextLength);
  }
  if (context.faults.is('runner-dies')) {
    dieOnce(context, lease.runner);
    const url = `http://127.0.0.1:${lease.runner.port}/v1/embeddings`;
    throw new OllamaError(400, `do embedding request: Post "${url}": EOF`);
  }
  const dimensions = readDimensions(requested.body, model);
  // The time counts from the start of the request, and the vectors are computed within it.
  const computed = context.compute.embed(lease.runner, texts.length, signal);
  const embedder = embedderFor(context, model);
  const vectors = texts.map((text) => {
    const vector = embedder.embed(cutToContext(text, contextLength), model.embeddingLength);
    return dimensions < vector.length ? shortened(vector, dimensions) : vector;
  });
  await computed;
  signal.throwIfAborted();
  return { vectors, tokens };
}

/** The fault is over with the runner: the next one lives. */
export function dieOnce(context: ServerContext, runner: Runner): void {
  context.faults.set('runner-dies', false);
  context.scheduler.die(runner);
}

function readDimensions(body: JsonObject, model: ModelDefinition): number {
  const value = body.dimensions;
  return typeof value === 'number' && value > 0 ? Math.trunc(value) : model.embeddingLength;
}

/** Keeps about as many words as the context holds; the rest of a longer text has no effect. */
function cutToContext(text: string, contextLength: number): string {
  if (text.length <= contextLength * 3) return text;
  let tokens = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)) {
    tokens += Math.ceil(match[0].length / 6);
    if (tokens > contextLength) return text.slice(0, match.index);
  }
  return text;
}
