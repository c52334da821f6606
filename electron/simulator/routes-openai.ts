/** The OpenAI dialect under `/v1`: no `options` and no `keep_alive`, errors as objects. */
import type { ServerResponse } from 'node:http';
import {
  booleanField,
  type Exchange,
  type JsonObject,
  readJson,
  sendEncodedJson,
  sendJson,
  textField,
  writeEvents,
} from './http-exchange.ts';
import { type ModelDefinition, OllamaError } from './model.ts';
import { openAiOnlyModel } from './openai-only.ts';
import { embedTexts, readInput } from './routes-embed.ts';
import { type Generated, produce, readMessages, requireCompletion } from './routes-generate.ts';
import { acquire, findModel, notFound, type RequestedLoad, type ServerContext } from './server-context.ts';

const DEFAULT_LOAD: RequestedLoad = { options: {}, keepAliveMs: undefined };

/** A refusal before the request reaches Ollama's own route, which is written in another way. */
export class RefusedRequest extends OllamaError {}

export function fail(response: ServerResponse, error: OllamaError): void {
  const type =
    error.status === 400 ? 'invalid_request_error' : error.status === 404 ? 'not_found_error' : 'api_error';
  const body = { error: { message: error.message, type, param: null, code: null } };
  if (response.headersSent) {
    writeEvents(response, body);
    response.end();
  } else if (error instanceof RefusedRequest) sendJson(response, error.status, body);
  else sendEncodedJson(response, error.status, body);
}

export async function readRequest({ request }: Exchange): Promise<JsonObject> {
  try {
    return await readJson(request);
  } catch (error) {
    if (error instanceof OllamaError) throw new RefusedRequest(error.status, error.message);
    throw error;
  }
}

function shown(context: ServerContext, model: ModelDefinition) {
  if (context.openAiOnly !== null) return openAiOnlyModel(context.openAiOnly, model, context.clock.now());
  return {
    id: model.name,
    object: 'model',
    created: Math.floor(model.modifiedAt / 1000),
    owned_by: 'library',
  };
}

export function models(context: ServerContext, exchange: Exchange): void {
  sendEncodedJson(exchange.response, 200, {
    object: 'list',
    data: context.library.list().map((one) => shown(context, one)),
  });
}

export function model(context: ServerContext, exchange: Exchange): void {
  const name = decodeURIComponent(exchange.path.slice('/v1/models/'.length));
  sendEncodedJson(exchange.response, 200, shown(context, findModel(context, name, notFound.tagged)));
}

export async function embeddings(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readRequest(exchange);
  const name = textField(body, 'model', 'EmbedRequest');
  const texts = readInput(body.input);
  if (texts.length === 0) throw new RefusedRequest(400, 'invalid input');
  const found = findModel(context, name, notFound.embedding);
  const lease = await acquire(context, found, DEFAULT_LOAD, exchange.signal);
  try {
    const { vectors, tokens } = await embedTexts(
      context,
      lease,
      texts,
      { truncate: true, body },
      exchange.signal,
    );
    const written = body.encoding_format === 'base64' ? base64 : (vector: number[]) => vector;
    sendEncodedJson(exchange.response, 200, {
      object: 'list',
      data: vectors.map((vector, index) => ({ object: 'embedding', embedding: written(vector), index })),
      model: name,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  } finally {
    lease.release();
  }
}

/** Numbers of 32 bits, little end first. */
function base64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

/** How chat and plain completions are written. */
interface Shape {
  prefix: string;
  whole: string;
  piece: string;
  choice(text: string, reason: string | null): object;
  delta(text: string | null, first: boolean, reason: string | null): object;
}

const CHAT: Shape = {
  prefix: 'chatcmpl',
  whole: 'chat.completion',
  piece: 'chat.completion.chunk',
  choice: (content, finish_reason) => ({ index: 0, message: { role: 'assistant', content }, finish_reason }),
  delta: (content, first, finish_reason) => ({
    index: 0,
    delta: { ...(first && { role: 'assistant' }), ...(content !== null && { content }) },
    finish_reason,
  }),
};

const PLAIN: Shape = {
  prefix: 'cmpl',
  whole: 'text_completion',
  piece: 'text_completion',
  choice: (text, finish_reason) => ({ text, index: 0, finish_reason }),
  delta: (text, _first, finish_reason) => ({ text: text ?? '', index: 0, finish_reason }),
};

export async function chatCompletions(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readRequest(exchange);
  const { prompt, count } = readMessages(body.messages);
  if (count === 0) throw new RefusedRequest(400, "[] is too short - 'messages'");
  await complete(context, exchange, { body, prompt, owner: 'ChatCompletionRequest', what: 'chat' }, CHAT);
}

export async function completions(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readRequest(exchange);
  const prompt = textField(body, 'prompt', 'CompletionRequest');
  await complete(context, exchange, { body, prompt, owner: 'CompletionRequest', what: 'generate' }, PLAIN);
}

async function complete(
  context: ServerContext,
  exchange: Exchange,
  asked: { body: JsonObject; prompt: string; owner: string; what: 'chat' | 'generate' },
  shape: Shape,
): Promise<void> {
  const { body, prompt, owner } = asked;
  const name = textField(body, 'model', owner);
  const stream = booleanField(body, 'stream', owner) ?? false;
  const found = findModel(context, name, notFound.single);
  requireCompletion(found, name, asked.what);
  const options = typeof body.max_tokens === 'number' ? { num_predict: body.max_tokens } : {};
  const requested = { ...DEFAULT_LOAD, options };
  context.completions += 1;
  const head = (object: string) => ({
    id: `${shape.prefix}-${context.completions}`,
    object,
    created: Math.floor(context.clock.now() / 1000),
    model: name,
    system_fingerprint: 'fp_ollama',
  });
  const lease = await acquire(context, found, requested, exchange.signal);
  try {
    let first = true;
    const generated = await produce(context, lease, { prompt, requested }, exchange.signal, (token) => {
      if (!stream) return;
      writeEvents(exchange.response, { ...head(shape.piece), choices: [shape.delta(token, first, null)] });
      first = false;
    });
    const usage = usageOf(generated);
    if (stream) {
      const last = { ...head(shape.piece), choices: [shape.delta(null, false, generated.reason)] };
      const asksUsage = (body.stream_options as { include_usage?: unknown } | undefined)?.include_usage;
      const counted = asksUsage === true ? [{ ...head(shape.piece), choices: [], usage }] : [];
      // A broken answer ends without its last events.
      if (generated.reason !== null) writeEvents(exchange.response, last, ...counted, '[DONE]');
      exchange.response.end();
      return;
    }
    sendEncodedJson(exchange.response, 200, {
      ...head(shape.whole),
      choices: [shape.choice(generated.text, generated.reason)],
      usage,
    });
  } finally {
    lease.release();
  }
}

function usageOf({ promptTokens, tokens }: Generated) {
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens };
}
