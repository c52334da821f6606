/** LangChain's package for Ollama: it streams even for one answer, and sends options full of nulls. */
import { ChatOllama, OllamaEmbeddings } from '@langchain/ollama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, type ClientWorld, EMBED, openClientWorld } from './world.ts';

let world: ClientWorld;

beforeAll(async () => {
  world = await openClientWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe('langchain for Node', () => {
  it('invokes and streams with the same text', async () => {
    const chat = new ChatOllama({ baseUrl: world.url, model: CHAT, temperature: 0 });
    const { content } = await chat.invoke('Why is the sky blue?');
    let text = '';
    for await (const part of await chat.stream('Why is the sky blue?')) text += part.content;
    expect(text).toBe(content);
    expect(text.length).toBeGreaterThan(10);
  });

  it('embeds documents and a query', async () => {
    const embeddings = new OllamaEmbeddings({ baseUrl: world.url, model: EMBED });
    const [first, second] = await embeddings.embedDocuments(['one', 'two']);
    expect(await embeddings.embedQuery('two')).toEqual(second);
    expect(first).toHaveLength(384);
    expect(first).not.toEqual(second);
  });

  it('passes the error on', async () => {
    const chat = new ChatOllama({ baseUrl: world.url, model: 'nope', maxRetries: 0 });
    await expect(chat.invoke('Hello')).rejects.toMatchObject({ error: "model 'nope' not found" });
  });
});
