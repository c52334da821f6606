/** `/v1/responses` of the OpenAI dialect: a whole response, or events that build one. */
import {
  booleanField,
  type Exchange,
  type JsonObject,
  sendEncodedJson,
  textField,
  writeNamedEvents,
} from './http-exchange.ts';
import { produce, requireCompletion, textOf } from './routes-generate.ts';
import { RefusedRequest, readRequest } from './routes-openai.ts';
import { acquire, findModel, notFound, type ServerContext } from './server-context.ts';

/** Instructions and input as one text. Throws a 400 without an input. */
function promptOf({ instructions, input }: JsonObject): string {
  const items = typeof input === 'string' ? [{ content: input }] : input;
  if (!Array.isArray(items) || items.length === 0) throw new RefusedRequest(400, 'input is required');
  const texts = items.map((item: unknown) => textOf((item as { content?: unknown } | null)?.content));
  return [...(typeof instructions === 'string' ? [instructions] : []), ...texts].join('\n');
}

export async function responses(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readRequest(exchange);
  const name = textField(body, 'model', 'ResponsesRequest');
  const prompt = promptOf(body);
  const stream = booleanField(body, 'stream', 'ResponsesRequest') ?? false;
  const model = findModel(context, name, notFound.single);
  requireCompletion(model, name, 'chat');
  const limit = typeof body.max_output_tokens === 'number' ? { num_predict: body.max_output_tokens } : {};
  const requested = { options: limit, keepAliveMs: undefined };
  context.completions += 1;
  const itemId = `msg_${context.completions}`;
  const whole = (status: string, output: object[], usage: object | null) => ({
    id: `resp_${context.completions}`,
    object: 'response',
    created_at: Math.floor(context.clock.now() / 1000),
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: body.instructions ?? null,
    model: name,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    tools: [],
    usage,
  });
  const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
  const item = (status: string, content: object[]) => ({
    id: itemId,
    type: 'message',
    status,
    role: 'assistant',
    content,
  });
  const { response, signal } = exchange;
  let sequence = 0;
  const emit = (...events: readonly JsonObject[]) =>
    writeNamedEvents(
      response,
      ...events.map((event) => {
        const numbered = { ...event, sequence_number: sequence };
        sequence += 1;
        return [String(event.type), numbered] as const;
      }),
    );
  const place = { item_id: itemId, output_index: 0, content_index: 0 };
  const begin = () =>
    emit(
      { type: 'response.created', response: whole('in_progress', [], null) },
      { type: 'response.in_progress', response: whole('in_progress', [], null) },
      { type: 'response.output_item.added', output_index: 0, item: item('in_progress', []) },
      { type: 'response.content_part.added', ...place, part: part('') },
    );
  const lease = await acquire(context, model, requested, signal);
  try {
    const generated = await produce(context, lease, { prompt, requested }, signal, (delta) => {
      if (!stream) return;
      if (!response.headersSent) begin();
      emit({ type: 'response.output_text.delta', ...place, delta, logprobs: [] });
    });
    const status = generated.reason === 'length' ? 'incomplete' : 'completed';
    const content = [part(generated.text)];
    const usage = {
      input_tokens: generated.promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: generated.tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: generated.promptTokens + generated.tokens,
    };
    const done = whole(status, [item(status, content)], usage);
    if (!stream) {
      sendEncodedJson(response, 200, done);
      return;
    }
    if (!response.headersSent) begin();
    // A broken answer ends without its last events.
    if (generated.reason !== null)
      emit(
        { type: 'response.output_text.done', ...place, text: generated.text, logprobs: [] },
        { type: 'response.content_part.done', ...place, part: part(generated.text) },
        { type: 'response.output_item.done', output_index: 0, item: item(status, content) },
        { type: `response.${status}`, response: done },
      );
    response.end();
  } finally {
    lease.release();
  }
}
