import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CATALOGUE, defineTag } from '../../../electron/simulator/catalogue.ts';
import { createHurriedClock, lines, type ServedOllama, serveOllama } from './support.ts';

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?/;
const UTC = new RegExp(`${TIMESTAMP.source}Z$`);
const LOCAL = new RegExp(`${TIMESTAMP.source}\\+01:00$`);
const JSON_TYPE = 'application/json; charset=utf-8';

let served: ServedOllama;

beforeEach(async () => {
  served = await serveOllama({ clock: createHurriedClock() });
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

describe('what a server says of itself', () => {
  it('is running, by GET and HEAD', async () => {
    const answer = await served.get('/');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await answer.text()).toBe('Ollama is running');
    expect((await fetch(`${served.url}/`, { method: 'HEAD' })).status).toBe(200);
  });

  it('has a version', async () => {
    const answer = await served.get('/api/version');
    expect(answer.headers.get('content-type')).toBe(JSON_TYPE);
    expect(await json(answer)).toEqual({ version: '0.33.0' });
  });

  it('lists its models, the newest first, with capabilities and lengths', async () => {
    const { models } = (await json(await served.get('/api/tags'))) as { models: Record<string, unknown>[] };
    expect(models.map((model) => model.name)).toEqual([
      'llama3.2:3b',
      'qwen2.5-coder:14b',
      'llama3.1:8b',
      'all-minilm:latest',
      'nomic-embed-text:latest',
      'mxbai-embed-large:latest',
    ]);
    const last = models.at(-1) ?? {};
    expect(Object.keys(last)).toEqual([
      'name',
      'model',
      'modified_at',
      'size',
      'digest',
      'details',
      'capabilities',
    ]);
    expect(last).toMatchObject({
      model: 'mxbai-embed-large:latest',
      size: 669_615_493,
      digest: CATALOGUE.mxbaiEmbedLarge.digest,
      capabilities: ['embedding'],
    });
    expect(Object.keys(last.details as object)).toEqual([
      'parent_model',
      'format',
      'family',
      'families',
      'parameter_size',
      'quantization_level',
      'context_length',
      'embedding_length',
    ]);
    expect(last.modified_at).toMatch(LOCAL);
  });

  it('lists nothing loaded, then what is loaded', async () => {
    expect(await (await served.get('/api/ps')).text()).toBe('{"models":[]}');
    await served.post('/api/generate', { model: 'llama3.1:8b' });
    const { models } = (await json(await served.get('/api/ps'))) as { models: Record<string, unknown>[] };
    expect(Object.keys(models[0] ?? {})).toEqual([
      'name',
      'model',
      'size',
      'digest',
      'details',
      'expires_at',
      'size_vram',
      'context_length',
    ]);
    expect(models[0]).toMatchObject({ name: 'llama3.1:8b', context_length: 4096 });
    expect(models[0]?.size).toBe(models[0]?.size_vram);
    expect(models[0]?.expires_at).toMatch(LOCAL);
  });

  it('describes a model', async () => {
    const shown = await json(await served.post('/api/show', { model: 'llama3.1:8b' }));
    expect(shown).toMatchObject({
      details: { family: 'llama', quantization_level: 'Q4_K_M' },
      model_info: {
        'general.architecture': 'llama',
        'llama.block_count': 32,
        'llama.attention.head_count_kv': 8,
        'llama.context_length': 131_072,
        'llama.embedding_length': 4096,
      },
      capabilities: ['completion', 'tools'],
    });
    const embedding = await json(await served.post('/api/show', { name: 'mxbai-embed-large' }));
    expect(embedding).toMatchObject({
      capabilities: ['embedding'],
      model_info: { 'bert.block_count': 24, 'bert.context_length': 512, 'bert.embedding_length': 1024 },
    });
  });

  it('shows the parameters of a Modelfile as text', async () => {
    served.ollama.library.add(defineTag(CATALOGUE.llama31, 'pinned:latest', { num_gpu: 0 }));
    const shown = await json(await served.post('/api/show', { model: 'pinned' }));
    expect(shown.parameters).toMatch(/^num_gpu +0$/);
  });
});

describe('generate', () => {
  it('loads with an empty prompt: one object, no metrics, even when streaming', async () => {
    const answer = await served.post('/api/generate', { model: 'llama3.1:8b', stream: true });
    expect(answer.headers.get('content-type')).toBe(JSON_TYPE);
    const body = await json(answer);
    expect(Object.keys(body)).toEqual(['model', 'created_at', 'response', 'done', 'done_reason']);
    expect(body).toMatchObject({ model: 'llama3.1:8b', response: '', done: true, done_reason: 'load' });
    expect(body.created_at).toMatch(UTC);
  });

  it('unloads with keep_alive 0, with 200 even when nothing is loaded', async () => {
    for (const loaded of [false, true]) {
      if (loaded) await served.post('/api/generate', { model: 'llama3.1:8b' });
      const answer = await served.post('/api/generate', { model: 'llama3.1:8b', keep_alive: 0 });
      expect(answer.status).toBe(200);
      expect(await json(answer)).toMatchObject({ done: true, done_reason: 'unload' });
    }
  });

  it('streams one object a line, and ends with the metrics', async () => {
    const answer = await served.post('/api/generate', {
      model: 'llama3.1:8b',
      prompt: 'Why is the sky blue?',
    });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    const said = await lines(answer);
    expect(Object.keys(said[0] ?? {})).toEqual(['model', 'created_at', 'response', 'done']);
    const last = said.at(-1) ?? {};
    expect(Object.keys(last)).toEqual([
      'model',
      'created_at',
      'response',
      'done',
      'done_reason',
      'context',
      'total_duration',
      'load_duration',
      'prompt_eval_count',
      'prompt_eval_duration',
      'eval_count',
      'eval_duration',
    ]);
    expect(last).toMatchObject({
      response: '',
      done: true,
      done_reason: 'stop',
      eval_count: said.length - 1,
    });
    for (const name of ['total_duration', 'load_duration', 'eval_duration']) {
      expect(Number.isSafeInteger(last[name]), name).toBe(true);
    }
  });

  it('says the same in one piece, and stops at num_predict', async () => {
    const streamed = await lines(
      await served.post('/api/generate', { model: 'llama3.1:8b', prompt: 'Hello there' }),
    );
    const whole = await json(
      await served.post('/api/generate', { model: 'llama3.1:8b', prompt: 'Hello there', stream: false }),
    );
    expect(whole.response).toBe(streamed.map((line) => line.response).join(''));
    const cut = await json(
      await served.post('/api/generate', {
        model: 'llama3.1:8b',
        prompt: 'Hello there',
        stream: false,
        options: { num_predict: 4 },
      }),
    );
    expect(cut).toMatchObject({ done_reason: 'length', eval_count: 4 });
  });

  it('unloads an embedding model, but does not load it', async () => {
    const load = await served.post('/api/generate', { model: 'mxbai-embed-large' });
    expect(load.status).toBe(400);
    expect(await json(load)).toEqual({ error: '"mxbai-embed-large" does not support generate' });
    await served.post('/api/embed', { model: 'mxbai-embed-large' });
    const unload = await served.post('/api/generate', { model: 'mxbai-embed-large', keep_alive: 0 });
    expect(await json(unload)).toMatchObject({ done_reason: 'unload' });
  });
});

describe('chat', () => {
  it('loads and unloads without messages', async () => {
    const load = await json(await served.post('/api/chat', { model: 'llama3.1:8b', messages: [] }));
    expect(Object.keys(load)).toEqual(['model', 'created_at', 'message', 'done', 'done_reason']);
    expect(load).toMatchObject({ message: { role: 'assistant', content: '' }, done_reason: 'load' });
    const unload = await json(await served.post('/api/chat', { model: 'llama3.1:8b', keep_alive: '0s' }));
    expect(unload.done_reason).toBe('unload');
  });

  it('streams messages', async () => {
    const messages = [{ role: 'user', content: 'Tell me about magic packets' }];
    const said = await lines(await served.post('/api/chat', { model: 'llama3.1:8b', messages }));
    expect(said[0]).toMatchObject({ message: { role: 'assistant' }, done: false });
    expect(said.at(-1)).toMatchObject({ done: true, done_reason: 'stop', message: { content: '' } });
    expect(said.at(-1)).not.toHaveProperty('context');
  });
});

describe('embed', () => {
  it('answers one vector for each text, in order', async () => {
    const texts = ['wake the machine', 'index the documents'];
    const both = await json(await served.post('/api/embed', { model: 'mxbai-embed-large', input: texts }));
    expect(Object.keys(both)).toEqual([
      'model',
      'embeddings',
      'total_duration',
      'load_duration',
      'prompt_eval_count',
    ]);
    const vectors = both.embeddings as number[][];
    expect(vectors.map((vector) => vector.length)).toEqual([1024, 1024]);
    const one = await json(await served.post('/api/embed', { model: 'mxbai-embed-large', input: texts[1] }));
    expect((one.embeddings as number[][])[0]).toEqual(vectors[1]);
    expect(vectors[0]).not.toEqual(vectors[1]);
  });

  it('loads without input', async () => {
    const body = await (await served.post('/api/embed', { model: 'nomic-embed-text' })).text();
    expect(body).toBe('{"model":"nomic-embed-text","embeddings":[]}');
    expect(served.ollama.scheduler.loaded()).toHaveLength(1);
  });

  it('shortens to the dimensions asked for', async () => {
    const body = await json(
      await served.post('/api/embed', { model: 'mxbai-embed-large', input: 'a text', dimensions: 128 }),
    );
    expect((body.embeddings as number[][])[0]).toHaveLength(128);
  });

  it('cuts a long text, or fails the whole batch when it may not', async () => {
    const long = 'word '.repeat(2000);
    const cut = await served.post('/api/embed', { model: 'mxbai-embed-large', input: ['short', long] });
    expect(await json(cut)).toMatchObject({ prompt_eval_count: 515 });
    const refused = await served.post('/api/embed', {
      model: 'mxbai-embed-large',
      input: ['short', long],
      truncate: false,
    });
    expect(refused.status).toBe(400);
    expect(await json(refused)).toEqual({ error: 'the input length exceeds the context length' });
  });

  it('has the older route too', async () => {
    const body = await json(await served.post('/api/embeddings', { model: 'all-minilm', prompt: 'a text' }));
    expect(Object.keys(body)).toEqual(['embedding']);
    expect(body.embedding).toHaveLength(384);
  });
});

describe('the 0.24 profile', () => {
  it('has another version, and no capabilities or lengths in tags', async () => {
    await using older = await serveOllama({ clock: createHurriedClock(), profile: '0.24' });
    expect(await json(await older.get('/api/version'))).toEqual({ version: '0.24.0' });
    const { models } = (await json(await older.get('/api/tags'))) as { models: Record<string, object>[] };
    expect(models[0]).not.toHaveProperty('capabilities');
    expect(models[0]?.details).not.toHaveProperty('context_length');
    expect(await json(await older.post('/api/show', { model: 'llama3.1:8b' }))).toHaveProperty(
      'capabilities',
    );
  });
});

describe('pull and delete', () => {
  it('pulls with progress lines, newest model first afterwards', async () => {
    await using empty = await serveOllama({
      clock: createHurriedClock(),
      models: [],
      registry: [CATALOGUE.allMiniLm],
      pullBytesPerSecond: 200_000_000,
    });
    const said = await lines(await empty.post('/api/pull', { model: 'all-minilm' }));
    const { blob, sizeBytes } = CATALOGUE.allMiniLm;
    expect(said[0]).toEqual({ status: 'pulling manifest' });
    expect(said[1]).toEqual({
      status: `pulling ${blob.slice(0, 12)}`,
      digest: `sha256:${blob}`,
      total: sizeBytes,
    });
    expect(said.at(-4)).toMatchObject({ completed: sizeBytes });
    expect(said.slice(-3).map((line) => line.status)).toEqual([
      'verifying sha256 digest',
      'writing manifest',
      'success',
    ]);
    expect(empty.ollama.library.list()).toHaveLength(1);
  });

  it('fails in a line of a 200 when streaming, and with 500 otherwise', async () => {
    const streamed = await served.post('/api/pull', { model: 'nothing-there' });
    expect(streamed.status).toBe(200);
    expect((await lines(streamed)).at(-1)).toEqual({ error: 'pull model manifest: file does not exist' });
    const whole = await served.post('/api/pull', { model: 'nothing-there', stream: false });
    expect(whole.status).toBe(500);
  });

  it('deletes a tag and leaves its runner', async () => {
    await served.post('/api/embed', { model: 'all-minilm' });
    const remove = () =>
      fetch(`${served.url}/api/delete`, { method: 'DELETE', body: JSON.stringify({ model: 'all-minilm' }) });
    const first = await remove();
    expect(first.status).toBe(200);
    expect(await first.text()).toBe('');
    expect((await remove()).status).toBe(404);
    expect(served.ollama.scheduler.loaded()).toHaveLength(1);
  });
});

describe('the OpenAI dialect', () => {
  it('lists models', async () => {
    const list = (await json(await served.get('/v1/models'))) as { object: string; data: { id: string }[] };
    expect(list.object).toBe('list');
    expect(list.data[0]).toMatchObject({ id: 'llama3.2:3b', object: 'model', owned_by: 'library' });
    expect(await json(await served.get('/v1/models/llama3.1:8b'))).toMatchObject({ id: 'llama3.1:8b' });
  });

  it('embeds', async () => {
    const body = await json(await served.post('/v1/embeddings', { model: 'all-minilm', input: ['a', 'b'] }));
    expect(body).toMatchObject({ object: 'list', data: [{ index: 0 }, { index: 1, object: 'embedding' }] });
  });

  it('obeys a Modelfile that pins the placement', async () => {
    served.ollama.library.add(defineTag(CATALOGUE.allMiniLm, 'pinned:latest', { num_gpu: 0 }));
    await served.post('/v1/embeddings', { model: 'pinned', input: 'a' });
    expect(served.ollama.scheduler.loaded()[0]).toMatchObject({ sizeVramBytes: 0 });
  });

  it('chats, whole and as events', async () => {
    const messages = [{ role: 'user', content: 'Say something' }];
    const whole = await json(await served.post('/v1/chat/completions', { model: 'llama3.1:8b', messages }));
    expect(whole).toMatchObject({ object: 'chat.completion', choices: [{ finish_reason: 'stop' }] });
    const answer = await served.post('/v1/chat/completions', {
      model: 'llama3.1:8b',
      messages,
      stream: true,
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = (await answer.text()).trimEnd().split('\n\n');
    expect(events.every((event) => event.startsWith('data: '))).toBe(true);
    expect(events.at(-1)).toBe('data: [DONE]');
  });

  it('has errors as objects', async () => {
    const answer = await served.post('/v1/embeddings', { model: 'nothing-there', input: 'a' });
    expect(answer.status).toBe(404);
    expect(await json(answer)).toEqual({
      error: {
        message: 'model "nothing-there" not found, try pulling it first',
        type: 'not_found_error',
        param: null,
        code: null,
      },
    });
  });
});
