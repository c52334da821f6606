/** Anthropic's package on `/v1/messages`. */
import Anthropic, { BadRequestError, NotFoundError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, type ClientWorld, openClientWorld, openEndlessWorld } from './world.ts';

let world: ClientWorld;
let client: Anthropic;

const connect = (baseURL: string) => new Anthropic({ baseURL, apiKey: 'ollama', maxRetries: 0 });

beforeAll(async () => {
  world = await openClientWorld();
  client = connect(world.url);
});
afterAll(() => world[Symbol.asyncDispose]());

const asked = {
  model: CHAT,
  max_tokens: 200,
  messages: [{ role: 'user' as const, content: 'Why is the sky blue?' }],
};

describe('anthropic for Node', () => {
  it('asks for a message, whole and streamed, with the same text', async () => {
    const whole = await client.messages.create(asked);
    expect(whole.stop_reason).toBe('end_turn');
    const text = whole.content[0]?.type === 'text' ? whole.content[0].text : '';
    expect(text.length).toBeGreaterThan(10);
    const final = await client.messages.stream(asked).finalMessage();
    expect(final.content).toEqual(whole.content);
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  it('asks by the beta path', async () => {
    const { content } = await client.beta.messages.create({ ...asked, betas: ['a-beta'] });
    expect(content).toHaveLength(1);
    expect(world.asked().at(-1)).toBe('POST /v1/messages');
  });

  it('raises its own errors', async () => {
    await expect(client.messages.create({ ...asked, model: 'nope' })).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.messages.create({ ...asked, model: 'nope' })).rejects.toMatchObject({
      error: { type: 'error', error: { type: 'not_found_error', message: "model 'nope' not found" } },
    });
    await expect(client.messages.create({ ...asked, messages: [] })).rejects.toBeInstanceOf(BadRequestError);
  });

  it('closes the stream at the server when the program aborts it', async () => {
    await using endless = await openEndlessWorld((response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('event: ping\ndata: {"type":"ping"}\n\n');
      response.write(
        'event: message_start\ndata: {"type":"message_start","message":{"id":"1","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
      );
    });
    const stream = await connect(endless.url).messages.create({ ...asked, stream: true });
    for await (const _ of stream) stream.controller.abort();
    await endless.closed;
  });
});
