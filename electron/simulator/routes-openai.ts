/** The OpenAI dialect under `/v1`: no `options` and no `keep_alive`, errors as objects. */
import type { ServerResponse } from 'node:http';
import { booleanField, type Exchange, readJson, sendJson, textField, writeEvent } from './http-exchange.ts';
import { type ModelDefinition, OllamaError } from './model.ts';
import { embedTexts, readInput } from './routes-embed.ts';
import { produce, readMessages, requireCompletion } from './routes-generate.ts';
import { acquire, findModel, notFound, type RequestedLoad, type ServerContext } from './server-context.ts';

const DEFAULT_LOAD: RequestedLoad = { options: {}, keepAliveMs: undefined };

export function fail(response: ServerResponse, error: OllamaError): void {
  const type =
    error.status === 400 ? 'invalid_request_error' : error.status === 404 ? 'not_found_error' : 'api_error';
  const body = { error: { message: error.message, type, param: null, code: null } };
  if (response.headersSent) {
    writeEvent(response, body);
    response.end();
  } else sendJson(response, error.status, body);
}

function shown(model: ModelDefinition) {
  return {
    id: model.name,
    object: 'model',
    created: Math.floor(model.modifiedAt / 1000),
    owned_by: 'library',
  };
}

export function models(context: ServerContext, exchange: Exchange): void {
  sendJson(exchange.response, 200, { object: 'list', data: context.library.list().map(shown) });
}

export function model(context: ServerContext, exchange: Exchange): void {
  const name = decodeURIComponent(exchange.path.slice('/v1/models/'.length));
  sendJson(exchange.response, 200, shown(findModel(context, name, notFound.single)));
}

export async function embeddings(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'EmbedRequest');
  const texts = readInput(body.input);
  if (texts.length === 0) throw new OllamaError(400, 'invalid input');
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
    sendJson(exchange.response, 200, {
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', embedding, index })),
      model: name,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  } finally {
    lease.release();
  }
}

export async function chatCompletions(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'ChatCompletionRequest');
  const stream = booleanField(body, 'stream', 'ChatCompletionRequest') ?? false;
  const { prompt, count } = readMessages(body.messages);
  if (count === 0) throw new OllamaError(400, "[] is too short - 'messages'");
  const found = findModel(context, name, notFound.single);
  requireCompletion(found, name, 'chat');
  const options = typeof body.max_tokens === 'number' ? { num_predict: body.max_tokens } : {};
  const requested = { ...DEFAULT_LOAD, options };
  context.completions += 1;
  const head = {
    id: `chatcmpl-${context.completions}`,
    created: Math.floor(context.clock.now() / 1000),
    model: name,
    system_fingerprint: 'fp_ollama',
  };
  const lease = await acquire(context, found, requested, exchange.signal);
  try {
    const chunk = (delta: object, reason: string | null) =>
      writeEvent(exchange.response, {
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason: reason }],
      });
    const generated = await produce(context, lease, { prompt, requested }, exchange.signal, (token) => {
      if (stream) chunk({ role: 'assistant', content: token }, null);
    });
    if (stream) {
      chunk({ role: 'assistant', content: '' }, generated.reason);
      writeEvent(exchange.response, '[DONE]');
      exchange.response.end();
      return;
    }
    sendJson(exchange.response, 200, {
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: generated.text },
          finish_reason: generated.reason,
        },
      ],
      usage: {
        prompt_tokens: generated.promptTokens,
        completion_tokens: generated.tokens,
        total_tokens: generated.promptTokens + generated.tokens,
      },
    });
  } finally {
    lease.release();
  }
}
