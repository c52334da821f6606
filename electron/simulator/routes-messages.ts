/** The Anthropic dialect, `/v1/messages`: a whole message, or events that build one. */
import type { ServerResponse } from 'node:http';
import {
  booleanField,
  type Exchange,
  type JsonObject,
  sendEncodedJson,
  sendJson,
  textField,
  writeNamedEvents,
} from './http-exchange.ts';
import type { OllamaError } from './model.ts';
import { type Generated, produce, requireCompletion, textOf } from './routes-generate.ts';
import { RefusedRequest, readRequest } from './routes-openai.ts';
import { acquire, findModel, notFound, type ServerContext } from './server-context.ts';

export function fail(response: ServerResponse, error: OllamaError): void {
  const type =
    error.status === 400
      ? 'invalid_request_error'
      : error.status === 404
        ? 'not_found_error'
        : error.status === 503
          ? 'overloaded_error'
          : 'api_error';
  const body = { type: 'error', error: { type, message: error.message } };
  if (response.headersSent) {
    writeNamedEvents(response, ['error', body]);
    response.end();
  } else if (error instanceof RefusedRequest) sendJson(response, error.status, body);
  else sendEncodedJson(response, error.status, body);
}

/** System prompt and messages as one text. Throws a 400 if there is no message. */
function promptOf({ system, messages }: JsonObject): string {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new RefusedRequest(400, 'messages is required');
  const texts = messages.map((message: unknown) =>
    textOf((message as { content?: unknown } | null)?.content),
  );
  return [...(system === undefined ? [] : [textOf(system)]), ...texts].join('\n');
}

const reasonOf = ({ reason }: Generated) => (reason === 'length' ? 'max_tokens' : 'end_turn');

export async function messages(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readRequest(exchange);
  const name = textField(body, 'model', 'MessagesRequest');
  if (name === '') throw new RefusedRequest(400, 'model is required');
  if (typeof body.max_tokens !== 'number' || body.max_tokens <= 0)
    throw new RefusedRequest(400, 'max_tokens is required and must be positive');
  const prompt = promptOf(body);
  const stream = booleanField(body, 'stream', 'MessagesRequest') ?? false;
  const model = findModel(context, name, notFound.single);
  requireCompletion(model, name, 'chat');
  const stop = Array.isArray(body.stop_sequences) ? { stop: body.stop_sequences } : {};
  const requested = { options: { num_predict: body.max_tokens, ...stop }, keepAliveMs: undefined };
  context.completions += 1;
  const head = {
    id: `msg_${context.completions}`,
    type: 'message',
    role: 'assistant',
    model: name,
  };
  const { response, signal } = exchange;
  const lease = await acquire(context, model, requested, signal);
  const begin = () =>
    writeNamedEvents(
      response,
      [
        'message_start',
        {
          type: 'message_start',
          message: { ...head, content: [], stop_reason: null, usage: { input_tokens: 0, output_tokens: 0 } },
        },
      ],
      [
        'content_block_start',
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ],
    );
  try {
    const generated = await produce(context, lease, { prompt, requested }, signal, (text) => {
      if (!stream) return;
      if (!response.headersSent) begin();
      const delta = { type: 'text_delta', text };
      writeNamedEvents(response, ['content_block_delta', { type: 'content_block_delta', index: 0, delta }]);
    });
    const usage = { input_tokens: generated.promptTokens, output_tokens: generated.tokens };
    if (!stream) {
      const content = [{ type: 'text', text: generated.text }];
      sendEncodedJson(response, 200, { ...head, content, stop_reason: reasonOf(generated), usage });
      return;
    }
    if (!response.headersSent) begin();
    // A broken answer ends without its last events.
    if (generated.reason !== null)
      writeNamedEvents(
        response,
        ['content_block_stop', { type: 'content_block_stop', index: 0 }],
        ['message_delta', { type: 'message_delta', delta: { stop_reason: reasonOf(generated) }, usage }],
        ['message_stop', { type: 'message_stop' }],
      );
    response.end();
  } finally {
    lease.release();
  }
}
