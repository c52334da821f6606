/** The openai package, as programs use it. */
import OpenAI, { APIUserAbortError, BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, type ClientWorld, EMBED, openClientWorld, openEndlessWorld } from './world.ts';

let world: ClientWorld;
let client: OpenAI;

const connect = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'ollama', maxRetries: 0 });

beforeAll(async () => {
  world = await openClientWorld();
  client = connect(world.url);
});
afterAll(() => world[Symbol.asyncDispose]());

const messages = [{ role: 'user' as const, content: 'Why is the sky blue?' }];

describe('openai for Node', () => {
  it('lists models and finds one', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(CHAT);
    expect(await client.models.retrieve(CHAT)).toMatchObject({ id: CHAT, object: 'model' });
    await expect(client.models.retrieve('nope')).rejects.toBeInstanceOf(NotFoundError);
  });

  it('chats, whole and streamed, with the same text', async () => {
    const whole = await client.chat.completions.create({ model: CHAT, messages });
    const stream = await client.chat.completions.create({
      model: CHAT,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let tokens = 0;
    for await (const part of stream) {
      text += part.choices[0]?.delta.content ?? '';
      tokens = part.usage?.completion_tokens ?? tokens;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(text.length).toBeGreaterThan(10);
    expect(tokens).toBe(whole.usage?.completion_tokens);
  });

  it('completes a text', async () => {
    const { choices } = await client.completions.create({ model: CHAT, prompt: 'Once', max_tokens: 4 });
    expect(choices[0]?.finish_reason).toBe('length');
  });

  it('asks for a response, whole and streamed', async () => {
    const whole = await client.responses.create({ model: CHAT, input: 'Why is the sky blue?' });
    expect(whole.status).toBe('completed');
    expect(whole.output_text.length).toBeGreaterThan(10);
    const types: string[] = [];
    let text = '';
    const stream = await client.responses.create({
      model: CHAT,
      input: 'Why is the sky blue?',
      stream: true,
    });
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(text).toBe(whole.output_text);
    expect(types[0]).toBe('response.created');
    expect(types.at(-1)).toBe('response.completed');
  });

  it('embeds by its default, which is base64, bit for bit', async () => {
    const input = ['one', 'two', 'three'];
    const { data } = await client.embeddings.create({ model: EMBED, input });
    const direct = await connect(world.serverUrl).embeddings.create({ model: EMBED, input });
    expect(data).toEqual(direct.data);
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    const floats = await client.embeddings.create({ model: EMBED, input, encoding_format: 'float' });
    expect(Math.fround(floats.data[1]?.embedding[7] ?? 0)).toBe(data[1]?.embedding[7]);
  });

  it('raises its own errors', async () => {
    await expect(client.chat.completions.create({ model: 'nope', messages })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    await expect(client.chat.completions.create({ model: CHAT, messages: [] })).rejects.toBeInstanceOf(
      BadRequestError,
    );
    await expect(client.chat.completions.create({ model: 'nope', messages })).rejects.toMatchObject({
      status: 404,
      error: { message: "model 'nope' not found", type: 'not_found_error' },
    });
  });

  it('closes the stream at the server when the program aborts it', async () => {
    await using endless = await openEndlessWorld((response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n');
    });
    const stream = await connect(endless.url).chat.completions.create({
      model: CHAT,
      messages,
      stream: true,
    });
    for await (const _ of stream) stream.controller.abort();
    await endless.closed;
  });

  it('closes a whole answer at the server when the program gives up', async () => {
    const arrived = Promise.withResolvers<void>();
    await using endless = await openEndlessWorld(() => arrived.resolve());
    const controller = new AbortController();
    const asked = connect(endless.url).chat.completions.create(
      { model: CHAT, messages },
      { signal: controller.signal },
    );
    await arrived.promise;
    controller.abort();
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    await endless.closed;
  });
});
