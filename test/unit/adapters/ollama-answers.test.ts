/** Odd, old, locked and redirecting servers, as the adapter reads them. */
import { describe, expect, it } from 'vitest';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { readFailure } from '../../../electron/core/fleet/node-state.ts';
import { readDetails } from '../../../electron/core/fleet/probe.ts';
import type { HttpReply, HttpRequest } from '../../../electron/core/ports/network.ts';
import { isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import { noStreams } from '../../fakes/http.ts';

const signal = new AbortController().signal;
type Answer = Partial<HttpReply> | Record<string, unknown> | string;

/** Answers by path, or all paths by `*`; what is not there is Ollama’s 404. */
function setup(answers: Record<string, Answer>) {
  const asked: HttpRequest[] = [];
  const server = createOllamaServer({
    url: 'http://127.0.0.1:11434',
    http: {
      ...noStreams,
      async request(request) {
        asked.push(request);
        const answer = answers[new URL(request.url).pathname] ?? answers['*'];
        if (answer === undefined) return { status: 404, headers: {}, text: '404 page not found' };
        if (typeof answer === 'object' && 'status' in answer)
          return { headers: {}, text: '', ...answer } as HttpReply;
        const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
        return { status: 200, headers: {}, text };
      },
    },
  });
  return { server, asked };
}

async function failureOf(work: Promise<unknown>): Promise<PilotlightError> {
  try {
    await work;
  } catch (error) {
    if (isPilotlightError(error)) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

const good = { name: 'good', digest: 'sha256:ab', size: 5, size_vram: 3 };
const odd: unknown[] = [
  null,
  'text',
  7,
  [],
  {},
  { name: null },
  { name: 5, digest: 'x' },
  { name: '', model: '' },
];

describe('a list with odd entries', () => {
  it.each(odd.map((entry) => [entry]))('%j is left out of tags and ps', async (entry) => {
    const models = [entry, good, entry];
    const { server } = setup({ '/api/tags': { models }, '/api/ps': { models } });
    expect((await server.installed(signal)).map(({ name }) => name)).toEqual(['good']);
    expect((await server.loaded(signal)).map(({ name }) => name)).toEqual(['good']);
  });

  it.each([
    { digest: null, size: null, details: null, capabilities: null, remote_host: null },
    { digest: 5, size: 'big', details: 'none', capabilities: 'completion', remote_host: 5 },
    { size: -1, details: { family: null, parameter_size: 7, quantization_level: null } },
    { details: { embedding_length: 'long', context_length: null, families: null }, capabilities: [null, 7] },
    {},
  ])('%j in a model of tags counts as missing', async (fields) => {
    const { server } = setup({ '/api/tags': { models: [{ name: 'm', ...fields }] } });
    expect(await server.installed(signal)).toEqual([
      {
        name: 'm',
        digest: '',
        sizeBytes: 0,
        family: '',
        parameterSize: '',
        quantization: '',
        capabilities: null,
        embeddingLength: null,
        modifiedAt: null,
        parentModel: null,
        format: null,
        families: null,
        contextLength: null,
        cloud: false,
      },
    ]);
  });

  it('has what a listing shows, and says which models run elsewhere', async () => {
    const details = { parent_model: 'p', format: 'gguf', families: ['bert', 7], context_length: 512 };
    const models = [
      { name: 'm', modified_at: '2026-01-01T00:00:00+01:00', details },
      { name: 'a:cloud', remote_host: 'https://ollama.com' },
      { name: 'b:cloud', remote_model: 'b' },
    ];
    const { server } = setup({ '/api/tags': { models } });
    const [first, ...none] = await server.installed(signal);
    expect(none).toEqual([]);
    const [, ...others] = await server.installed(signal, { withCloud: true });
    expect(first).toMatchObject({
      modifiedAt: '2026-01-01T00:00:00+01:00',
      parentModel: 'p',
      format: 'gguf',
      families: ['bert'],
      contextLength: 512,
      cloud: false,
    });
    expect(others.map(({ cloud }) => cloud)).toEqual([true, true]);
  });

  it.each([
    [{ name: null, model: 'm', size: 9, size_vram: null, expires_at: null, context_length: null }, 9, 0],
    [{ name: 'm', size: null, size_vram: 4, expires_at: 12, context_length: 'x' }, 4, 4],
    [{ name: 'm', digest: null }, 0, 0],
  ])('%j in a model of ps counts as missing', async (entry, sizeBytes, vramBytes) => {
    const { server } = setup({ '/api/ps': { models: [entry] } });
    expect(await server.loaded(signal)).toEqual([
      { name: 'm', digest: '', sizeBytes, vramBytes, expiresAt: null, contextLength: null },
    ]);
  });

  it('is no list of models where it is something else', async () => {
    for (const body of [{ models: 'none' }, { models: {} }, {}, [], 'null', '7'] as Answer[]) {
      const { server } = setup({ '/api/tags': body, '/api/ps': body });
      expect((await failureOf(server.installed(signal))).code).toBe('NOT_AN_INFERENCE_SERVER');
      expect((await failureOf(server.loaded(signal))).code).toBe('NOT_AN_INFERENCE_SERVER');
    }
    expect(await setup({ '/api/tags': { models: null } }).server.installed(signal)).toEqual([]);
  });
});

describe('a description', () => {
  it.each([
    [{}, null],
    [{ capabilities: null, model_info: null }, null],
    [{ capabilities: ['embedding', null, 7], model_info: [] }, ['embedding']],
    [{ model_info: { 'general.architecture': 'bert', 'bert.pooling_type': 1 } }, ['embedding']],
    [{ model_info: { 'general.architecture': 'llama', 'llama.block_count': null } }, ['completion']],
  ])('%j says %j', async (answer, capabilities) => {
    const described = await setup({ '/api/show': answer }).server.describe('m', signal);
    expect(described).toMatchObject({ capabilities, blockCount: null, contextLength: null });
  });

  it('that says nothing does not keep a model from being loaded', async () => {
    const loaded = setup({ '/api/show': {}, '/api/generate': { done: true } });
    await loaded.server.load('m', { layers: 'auto', keepAliveSeconds: null }, signal);
    const refuses = { status: 400, text: '{"error":"\\"m\\" does not support generate"}' };
    const { server, asked } = setup({
      '/api/show': {},
      '/api/generate': refuses,
      '/api/embed': { embeddings: null },
    });
    await server.load('m', { layers: 'auto', keepAliveSeconds: null }, signal);
    expect(asked.map(({ url }) => url.split('/').at(-1))).toEqual(['show', 'generate', 'embed']);
  });
});

describe('a version', () => {
  it.each([{ version: null }, { version: 7 }, {}, '"0.33"'] as Answer[])(
    '%j does not hide the models',
    async (answer) => {
      const { server } = setup({ '/api/version': answer, '/api/tags': { models: [good] } });
      expect(await readDetails(server, signal)).toMatchObject({
        version: null,
        installed: [{ name: 'good' }],
      });
    },
  );
});

describe('an old Ollama', () => {
  const old = (version: string): Record<string, Answer> => ({
    '/api/version': { version },
    '/api/tags': { models: [] },
  });

  it('without ps is named, with its version', async () => {
    const error = await failureOf(setup(old('0.1.36')).server.loaded(signal));
    expect(error).toMatchObject({
      code: 'SERVER_TOO_OLD',
      said: { code: 'OLLAMA_TOO_OLD_FOR_PS', params: { version: '0.1.36' } },
    });
    expect(readFailure(error, false)).toMatchObject({ kind: 'wrong', trouble: { code: 'SERVER_TOO_OLD' } });
  });

  it('without embed is named', async () => {
    const error = await failureOf(setup(old('0.3.3')).server.embed('m', ['a'], signal));
    expect(error).toMatchObject({ code: 'SERVER_TOO_OLD', said: { code: 'OLLAMA_TOO_OLD_FOR_EMBED' } });
  });

  it('that is new enough lacks a path for another reason', async () => {
    const error = await failureOf(setup(old('0.33.0')).server.loaded(signal));
    expect(error).toMatchObject({
      code: 'SERVER_TOO_OLD',
      said: { code: 'OLLAMA_LACKS_PATH', params: { path: '/api/ps' } },
    });
  });

  it('is something else where it has no version either', async () => {
    expect((await failureOf(setup({}).server.loaded(signal))).code).toBe('NOT_AN_INFERENCE_SERVER');
    expect((await failureOf(setup({}).server.version(signal))).code).toBe('NOT_AN_INFERENCE_SERVER');
  });
});

describe('a locked door', () => {
  it.each([
    [401, '{"detail":"Not authenticated"}'],
    [403, ''],
    [403, '<html>no</html>'],
    [200, '<html><form><input type="password"></form>'],
  ])('%i %s is named', async (status, text) => {
    const { server } = setup({ '*': { status, text } });
    for (const ask of [server.loaded(signal), server.installed(signal), server.embed('m', ['a'], signal)]) {
      const error = await failureOf(ask);
      expect(error).toMatchObject({ code: 'SERVER_LOCKED', details: { status } });
      expect(readFailure(error, false)).toMatchObject({ kind: 'wrong', trouble: { code: 'SERVER_LOCKED' } });
    }
  });

  it('opens for the local name, where Ollama itself refuses a foreign one', async () => {
    const asked: (string | undefined)[] = [];
    const server = createOllamaServer({
      url: 'http://tunnel:11434',
      http: {
        ...noStreams,
        async request({ headers }) {
          asked.push(headers?.host);
          return headers?.host === undefined
            ? { status: 403, headers: {}, text: '' }
            : { status: 200, headers: {}, text: '{"models":[]}' };
        },
      },
    });
    await server.loaded(signal);
    await server.loaded(signal);
    expect(asked).toEqual([undefined, 'localhost:11434', 'localhost:11434']);
  });
});

describe('a redirect', () => {
  it('is named, and not followed', async () => {
    const headers = { location: 'https://portal.example/login?token=x' };
    const { server, asked } = setup({ '*': { status: 302, headers, text: '<a href="…">Found</a>' } });
    const error = await failureOf(server.loaded(signal));
    expect(error).toMatchObject({
      code: 'SERVER_REDIRECTS',
      said: { code: 'SENDS_ELSEWHERE', params: { to: 'https://portal.example/login' } },
    });
    expect(asked.every(({ url }) => url.startsWith('http://127.0.0.1:11434/'))).toBe(true);
    expect(readFailure(error, false)).toMatchObject({ kind: 'wrong', trouble: { code: 'SERVER_REDIRECTS' } });
  });
});

describe('the body of an error', () => {
  it.each([
    [500, { error: null, message: 'broken' }, 'broken'],
    [400, { error: { message: 'no such thing', type: 'x' } }, 'no such thing'],
    [500, { detail: 'from the proxy' }, 'from the proxy'],
    [400, { error: '{"error":{"code":400,"message":"inner"}}' }, 'inner'],
    [500, { error: '{"error":' }, '{"error":'],
  ])('%i %j says %s', async (status, body, server) => {
    const error = await failureOf(
      setup({ '*': { status, text: JSON.stringify(body) } }).server.installed(signal),
    );
    expect(error).toMatchObject({ code: 'SERVER_ERROR', details: { status, server } });
  });
});
