import { afterAll, describe, expect, it } from 'vitest';
import { connectServer } from '../../../electron/adapters/inference/detected-server.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { createSimulatedMachine } from '../../../electron/simulator/machine.ts';
import { OPENAI_PRODUCTS, type OpenAiProduct } from '../../../electron/simulator/openai-only.ts';
import { startHttpServer } from '../../fakes/bad-server.ts';

const http = createNodeHttp();
const signal = AbortSignal.timeout(50_000);
afterAll(() => http.close());

function start(product: OpenAiProduct | null) {
  return createSimulatedMachine({
    id: 'box',
    name: 'box',
    mac: '00:00:5e:00:53:44',
    wake: null,
    clock: createSystemClock(),
    speed: 50,
    ollama: {
      profile: '0.33',
      models: [CATALOGUE.mxbaiEmbedLarge, CATALOGUE.llama32],
      ...(product === null ? {} : { openAiOnly: product }),
    },
  });
}

const names = [CATALOGUE.mxbaiEmbedLarge.name, CATALOGUE.llama32.name];

describe.each(OPENAI_PRODUCTS)('a server such as %s', (product) => {
  it('is recognised by its first answer, and never says where its models are', async () => {
    await using machine = await start(product);
    const server = connectServer({ http, url: machine.url });
    expect(await server.loaded(signal)).toEqual([]);
    expect([...server.capabilities].sort()).toEqual([
      'embeds',
      'forwards',
      'generates',
      'lists-models',
      'speaks-openai',
      'streams',
    ]);
    expect(server.product).toBe(
      { 'llama.cpp': 'llama.cpp', vllm: 'vLLM', 'lm-studio': 'LM Studio' }[product],
    );
    const asked = machine.ollama.requests();
    await server.loaded(signal);
    expect(machine.ollama.requests()).toBe(asked + 1);
  });

  it('lists its models and its version', async () => {
    await using machine = await start(product);
    const server = connectServer({ http, url: machine.url });
    const installed = await server.installed(signal);
    expect(installed.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(new Set(installed.map(({ digest }) => digest)).size).toBe(2);
    expect(await server.version(signal)).toBe(
      { 'llama.cpp': 'b6942-4aaa5ba2', vllm: '0.11.2', 'lm-studio': null }[product],
    );
  });

  it('embeds in the order of the texts', async () => {
    await using machine = await start(product);
    const server = connectServer({ http, url: machine.url });
    await server.loaded(signal);
    const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
    const { vectors } = await server.embed(CATALOGUE.mxbaiEmbedLarge.name, texts, signal);
    expect(vectors).toHaveLength(40);
    const [alone] = (await server.embed(CATALOGUE.mxbaiEmbedLarge.name, ['text 33'], signal)).vectors;
    expect(vectors[33]).toEqual(alone);
    expect(await server.embed(CATALOGUE.mxbaiEmbedLarge.name, [], signal)).toEqual({
      vectors: [],
      serverMs: null,
    });
    await expect(server.embed('nope', ['a'], signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('is never asked to load or unload a model', async () => {
    await using machine = await start(product);
    const server = connectServer({ http, url: machine.url });
    await server.loaded(signal);
    const asked = machine.ollama.requests();
    const options = { layers: 'auto' as const, keepAliveSeconds: null };
    await expect(server.load('m', options, signal)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(server.unload('m', signal)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(machine.ollama.requests()).toBe(asked);
  });

  it('streams a chat, and has nothing of the other dialect', async () => {
    await using machine = await start(product);
    const answer = await fetch(`${machine.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({
        model: CATALOGUE.llama32.name,
        stream: true,
        messages: [{ role: 'user', content: 'hello' }],
      }),
      signal,
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect((await answer.text()).trimEnd().endsWith('data: [DONE]')).toBe(true);
    const tags = await fetch(`${machine.url}/api/tags`, { signal });
    expect(await tags.json()).not.toHaveProperty('models');
  });
});

describe('the server at an address', () => {
  it('is Ollama first', async () => {
    await using machine = await start(null);
    const server = connectServer({ http, url: machine.url });
    expect(await server.version(signal)).toMatch(/^0\.33/);
    expect(server.product).toBe('Ollama');
    expect(server.capabilities.has('says-placement')).toBe(true);
    expect(machine.ollama.log().map(({ path }) => path)).toEqual(['/api/version']);
  });

  it('is detected again when another one answers there', async () => {
    let ollama = false;
    await using server = await startHttpServer((request, response) => {
      const models = request.url === '/v1/models' && !ollama ? { data: [{ id: 'm' }] } : null;
      const ps = request.url === '/api/ps' && ollama ? { models: [] } : null;
      response.statusCode = models || ps ? 200 : 404;
      response.end(JSON.stringify(models ?? ps ?? { error: 'not found' }));
    });
    const connected = connectServer({ http, url: server.url });
    await connected.loaded(signal);
    expect(connected.product).toBe('OpenAI-compatible server');
    ollama = true;
    await connected.loaded(signal);
    expect(connected.product).toBe('Ollama');
  });

  it('stays what it was while something else answers', async () => {
    await using server = await startHttpServer((_, response) => response.end('<html>'));
    const connected = connectServer({ http, url: server.url });
    await expect(connected.loaded(signal)).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
    expect(connected.product).toBe('Ollama');
  });

  it('says that it wants a key', async () => {
    await using server = await startHttpServer((request, response) => {
      response.statusCode = request.url?.startsWith('/v1/') ? 401 : 404;
      response.end(JSON.stringify({ detail: 'Not Found' }));
    });
    const connected = connectServer({ http, url: server.url });
    await expect(connected.loaded(signal)).rejects.toMatchObject({ code: 'SERVER_LOCKED' });
  });
});
