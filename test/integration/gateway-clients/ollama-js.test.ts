/** The ollama package, as programs use it. */
import { Ollama } from 'ollama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, type ClientWorld, EMBED, NEW, openClientWorld, openEndlessWorld } from './world.ts';

let world: ClientWorld;
let client: Ollama;

beforeAll(async () => {
  world = await openClientWorld();
  client = new Ollama({ host: world.url });
});
afterAll(() => world[Symbol.asyncDispose]());

const messages = [{ role: 'user', content: 'Why is the sky blue?' }];

describe('ollama-js', () => {
  it('lists, shows and names the version', async () => {
    const { models } = await client.list();
    expect(models.map(({ name }) => name)).toContain(CHAT);
    const shown = await client.show({ model: CHAT });
    expect(shown.capabilities).toContain('completion');
    expect(shown.details.family).toBe('llama');
    expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('chats, whole and streamed, with the same text', async () => {
    const whole = await client.chat({ model: CHAT, messages });
    expect(whole.done).toBe(true);
    let text = '';
    let done = false;
    for await (const part of await client.chat({ model: CHAT, messages, stream: true })) {
      text += part.message.content;
      done = part.done;
    }
    expect(text).toBe(whole.message.content);
    expect(text.length).toBeGreaterThan(10);
    expect(done).toBe(true);
  });

  it('sends tools, a format, options and keep_alive on unchanged', async () => {
    const tool = {
      type: 'function',
      function: {
        name: 'weather',
        description: 'Of a city.',
        parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
      },
    };
    const format = { type: 'object', properties: { color: { type: 'string' } } };
    const options = { temperature: 0, num_predict: 5 };
    const answer = await client.chat({
      model: CHAT,
      messages,
      tools: [tool],
      format,
      options,
      keep_alive: -1,
    });
    expect(answer.done_reason).toBe('length');
    expect(answer.eval_count).toBe(5);
    await world.gateway.refresh();
    const { models } = await client.ps();
    const loaded = models.find(({ name }) => name === CHAT);
    // Kept for good, as a server says it.
    expect(new Date(loaded?.expires_at ?? 0).getFullYear()).toBeGreaterThan(2300);
  });

  it('generates, whole and streamed', async () => {
    const whole = await client.generate({ model: CHAT, prompt: 'Once' });
    let text = '';
    for await (const part of await client.generate({ model: CHAT, prompt: 'Once', stream: true })) {
      text += part.response;
    }
    expect(text).toBe(whole.response);
  });

  it('embeds a text and several', async () => {
    const { embeddings } = await client.embed({ model: EMBED, input: ['one', 'two', 'three'] });
    const direct = await new Ollama({ host: world.serverUrl }).embed({
      model: EMBED,
      input: ['one', 'two', 'three'],
    });
    expect(embeddings).toEqual(direct.embeddings);
    const { embedding } = await client.embeddings({ model: EMBED, prompt: 'one' });
    expect(embedding).toHaveLength(384);
  });

  it('raises its own error with the status and the text of the server', async () => {
    await expect(client.chat({ model: 'nope', messages })).rejects.toMatchObject({
      name: 'ResponseError',
      status_code: 404,
      error: "model 'nope' not found",
    });
    await expect(client.embed({ model: 'nope', input: 'x' })).rejects.toMatchObject({
      status_code: 404,
      error: 'model "nope" not found, try pulling it first',
    });
  });

  it('pulls, copies, creates and deletes at the node for management', async () => {
    const statuses: string[] = [];
    for await (const { status } of await client.pull({ model: NEW, stream: true })) statuses.push(status);
    expect(statuses[0]).toBe('pulling manifest');
    expect(statuses.at(-1)).toBe('success');
    expect(await client.copy({ source: NEW, destination: 'copied' })).toMatchObject({ status: 'success' });
    expect(
      await client.create({ model: 'made', from: NEW, system: 'You are made up.', stream: false }),
    ).toMatchObject({ status: 'success' });
    await world.gateway.refresh();
    const names = (await client.list()).models.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([NEW, 'copied:latest', 'made:latest']));
    for (const model of [NEW, 'copied', 'made']) await client.delete({ model });
    await world.gateway.refresh();
    expect((await client.list()).models.map(({ name }) => name)).not.toContain(NEW);
  });

  it('closes the stream at the server when the program aborts it', async () => {
    await using endless = await openEndlessWorld((response) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      response.write('{"model":"x","message":{"role":"assistant","content":"a"},"done":false}\n');
    });
    const aborting = new Ollama({ host: endless.url });
    const stream = await aborting.chat({ model: CHAT, messages, stream: true });
    await expect(
      (async () => {
        for await (const _ of stream) aborting.abort();
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    await endless.closed;
  });
});
