import { describe, expect, it } from 'vitest';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { serverError } from '../../../electron/adapters/inference/ollama-errors.ts';
import type { HttpRequest } from '../../../electron/core/ports/network.ts';
import { noStreams } from '../../fakes/http.ts';

const signal = new AbortController().signal;

/** Answers by path, and remembers what was asked. */
function setup(answers: Record<string, unknown>) {
  const asked: HttpRequest[] = [];
  const server = createOllamaServer({
    url: 'http://127.0.0.1:11434/',
    http: {
      ...noStreams,
      async request(request) {
        asked.push(request);
        const answer = answers[new URL(request.url).pathname];
        const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
        return { status: 200, headers: {}, text };
      },
    },
  });
  return { server, asked, last: () => asked.at(-1) };
}

const loaded = { done: true, done_reason: 'load' };
const completion = { capabilities: ['completion'], model_info: {} };
const embedding = { capabilities: ['embedding'], model_info: {} };

describe('loading', () => {
  it.each([
    [{ layers: 'auto', keepAliveSeconds: null } as const, { model: 'm', stream: false }],
    [
      { layers: 'cpu', keepAliveSeconds: -1 } as const,
      { model: 'm', options: { num_gpu: 0 }, keep_alive: -1, stream: false },
    ],
    [
      { layers: 33, keepAliveSeconds: 300, contextLength: 8192 } as const,
      { model: 'm', options: { num_gpu: 33, num_ctx: 8192 }, keep_alive: 300, stream: false },
    ],
  ])('%j sends no more than it says', async (options, body) => {
    const { server, last } = setup({ '/api/show': completion, '/api/generate': loaded });
    await server.load('m', options, signal);
    expect(last()).toMatchObject({ url: 'http://127.0.0.1:11434/api/generate', body, deadlineMs: null });
    expect(last()?.body).toEqual(body);
  });

  it('asks what a model can do once, and loads an embedding-only one without input', async () => {
    const { server, asked } = setup({ '/api/show': embedding, '/api/embed': { embeddings: [] } });
    await server.load('llama-by-name', { layers: 'auto', keepAliveSeconds: null }, signal);
    await server.load('llama-by-name', { layers: 'auto', keepAliveSeconds: null }, signal);
    expect(asked.map(({ url }) => url.split('/').at(-1))).toEqual(['show', 'embed', 'embed']);
    expect(asked[1]?.body).toEqual({ model: 'llama-by-name' });
  });

  it('asks again after the name got another digest, where the list does not tell', async () => {
    const tags = (digest: string) => ({ models: [{ name: 'm', digest, size: 1 }] });
    const answers: Record<string, unknown> = {
      '/api/show': completion,
      '/api/generate': loaded,
      '/api/tags': tags('a'),
    };
    const { server, asked } = setup(answers);
    const load = () => server.load('m', { layers: 'auto', keepAliveSeconds: null }, signal);
    await load();
    answers['/api/tags'] = tags('b');
    await server.installed(signal);
    await load();
    expect(asked.filter(({ url }) => url.endsWith('/show'))).toHaveLength(2);
  });
});

describe('an answer that says 200 and is not done', () => {
  it.each([
    { model: 'm', response: 'half', done: false },
    { model: '', created_at: '0001-01-01T00:00:00Z', response: '', done: false },
    { done: null },
    { done: 'true' },
    {},
  ])('%j is incomplete', async (answer) => {
    const { server } = setup({ '/api/show': completion, '/api/generate': answer });
    const incomplete = { code: 'ANSWER_INCOMPLETE' };
    await expect(server.load('m', { layers: 'auto', keepAliveSeconds: null }, signal)).rejects.toMatchObject(
      incomplete,
    );
    await expect(server.unload('m', signal)).rejects.toMatchObject(incomplete);
  });
});

describe('what a list says of a model made by `ollama create`', () => {
  const tags = {
    models: [{ name: 'made', digest: 'a', size: 1, capabilities: ['completion'], details: {} }],
  };

  it('is not trusted without lengths: show decides how it is loaded', async () => {
    const { server, asked } = setup({
      '/api/tags': tags,
      '/api/show': embedding,
      '/api/embed': { embeddings: [] },
    });
    expect(await server.installed(signal)).toMatchObject([{ capabilities: null, embeddingLength: null }]);
    await server.load('made', { layers: 'auto', keepAliveSeconds: null }, signal);
    await server.installed(signal);
    await server.load('made', { layers: 'auto', keepAliveSeconds: null }, signal);
    expect(asked.map(({ url }) => url.split('/').at(-1))).toEqual(['tags', 'show', 'embed', 'tags', 'embed']);
  });

  it('is trusted with lengths', async () => {
    const details = { embedding_length: 4096, context_length: 8192 };
    const models = [{ name: 'pulled', digest: 'a', size: 1, capabilities: ['completion'], details }];
    expect(await setup({ '/api/tags': { models } }).server.installed(signal)).toMatchObject([
      { capabilities: ['completion'], embeddingLength: 4096 },
    ]);
  });
});

describe('what is loaded', () => {
  it('for ever is no date, and a date with nanoseconds is one', async () => {
    const ps = (expires_at: string) => ({
      models: [{ name: 'm', digest: 'sha256:ab', size: 9, size_vram: 4, expires_at }],
    });
    const read = async (expires: string) =>
      (await setup({ '/api/ps': ps(expires) }).server.loaded(signal))[0];
    expect(await read('2318-03-01T10:00:00.123456789+01:00')).toMatchObject({
      expiresAt: null,
      digest: 'ab',
    });
    expect(await read('2026-11-21T10:00:00.123456789+01:00')).toMatchObject({
      expiresAt: Date.UTC(2026, 10, 21, 9, 0, 0, 123),
      contextLength: null,
    });
  });

  it('no models may be null', async () => {
    expect(await setup({ '/api/ps': { models: null } }).server.loaded(signal)).toEqual([]);
  });

  it('a model that runs on somebody else’s computer is not installed here', async () => {
    const models = [
      { name: 'here', digest: 'a', size: 1 },
      { name: 'cloud', digest: 'b', size: 1, remote_host: 'https://elsewhere.example' },
    ];
    const installed = await setup({ '/api/tags': { models } }).server.installed(signal);
    expect(installed.map(({ name }) => name)).toEqual(['here']);
  });
});

describe('vectors', () => {
  it.each([
    ['too few', { embeddings: [[1]] }],
    ['too many', { embeddings: [[1], [2], [3]] }],
    ['uneven', { embeddings: [[1, 2], [1]] }],
    ['empty', { embeddings: [[], []] }],
    ['texts', { embeddings: [['1'], ['2']] }],
    ['null', { embeddings: [[null], [1]] }],
    ['too large for 32 bits', '{"embeddings":[[1e300],[1]]}'],
  ])('%s are refused', async (_, answer) => {
    const { server } = setup({ '/api/embed': answer });
    await expect(server.embed('m', ['a', 'b'], signal)).rejects.toMatchObject({ code: 'SERVER_ERROR' });
  });

  it('come in order, and nothing is injected', async () => {
    const { server, last } = setup({
      '/api/embed': {
        embeddings: [
          [1, 2],
          [3, 4],
        ],
      },
    });
    const { vectors, serverMs } = await server.embed('m', ['a', 'b'], signal);
    expect(serverMs).toBeNull();
    expect(vectors).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
    expect(last()?.body).toEqual({ model: 'm', input: ['a', 'b'] });
  });

  it.each([
    [12_345_678, 12.345678],
    [0, 0],
    [null, null],
    ['soon', null],
    [-1, null],
  ])('come with the time that the server reports: %j ns', async (total_duration, serverMs) => {
    const { server } = setup({ '/api/embed': { embeddings: [[1]], total_duration } });
    expect(await server.embed('m', ['a'], signal)).toEqual({ vectors: [Float32Array.of(1)], serverMs });
  });
});

describe('the words of a server', () => {
  it.each([
    [500, 'model requires more system memory (9.1 GiB) than is available (2.0 GiB)', 'OUT_OF_MEMORY'],
    [500, 'memory layout cannot be allocated with num_gpu = 33', 'OUT_OF_MEMORY'],
    [
      500,
      'llama-server reported out-of-memory during startup: cudaMalloc failed: out of memory',
      'OUT_OF_MEMORY',
    ],
    [500, 'llama-server process has terminated: cudaMalloc failed: out of memory', 'OUT_OF_MEMORY'],
    [500, 'llama-server process has terminated: exit status 2', 'SERVER_ERROR'],
    [503, 'server busy, please try again.  maximum pending requests exceeded', 'SERVER_BUSY'],
    [404, "model 'x' not found", 'MODEL_NOT_FOUND'],
    [404, 'model "x" not found, try pulling it first', 'MODEL_NOT_FOUND'],
    [400, 'invalid model name', 'SERVER_ERROR'],
    [400, '"x" does not support generate', 'SERVER_ERROR'],
    [499, 'request canceled', 'SERVER_ERROR'],
    [500, 'llama-server process has terminated: signal: killed', 'SERVER_ERROR'],
    [400, 'do embedding request: Post "http://127.0.0.1:38737/v1/embeddings": EOF', 'RUNNER_DIED'],
    [400, 'unexpected EOF', 'SERVER_ERROR'],
    [501, 'This server does not support embeddings. Start it with `--embeddings`', 'MODEL_CANNOT_EMBED'],
    [500, 'the input length exceeds the context length', 'INPUT_TOO_LONG'],
    [500, 'ggml_aligned_malloc: insufficient memory (attempted to allocate 15625.00 MB)', 'OUT_OF_MEMORY'],
  ])('%i %s → %s', (status, words, code) => {
    const error = serverError(status, words);
    expect(error).toMatchObject({ code, details: { server: words, status } });
  });
});
