/** The whole runner with a small model: both processes, HTTP, real graphs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGraph } from '../../../electron/workers/runner/onnx/encode.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createTestRunner, type TestRunner } from '../../fakes/open-runner.ts';
import {
  meanOf,
  SIZE,
  type TextModelSpec,
  tableGraph,
  WORDS,
  writeTextModel,
} from '../../fakes/text-model.ts';

let models: string;
let runner: TestRunner;
beforeAll(async () => {
  models = mkdtempSync(join(tmpdir(), 'pilotlight-models-'));
  runner = createTestRunner();
  await runner.open();
});
afterAll(async () => {
  await runner.close();
  rmSync(models, { recursive: true, force: true });
});

let folders = 0;
function folder(spec?: TextModelSpec): string {
  folders += 1;
  return writeTextModel(join(models, `model-${folders}`), spec);
}
const pooling = { '1_Pooling/config.json': { pooling_mode_mean_tokens: true } };
const plain = {
  ...pooling,
  'modules.json': [{ type: 'x.Transformer' }, { type: 'x.Pooling', path: '1_Pooling' }],
};
const close = (numbers: readonly number[]) => numbers.map((one) => expect.closeTo(one, 4));
const unit = (numbers: readonly number[]) => numbers.map((one) => one / Math.hypot(...numbers));

describe('a text model', () => {
  beforeAll(async () => {
    expect(await runner.add(folder({ files: plain }), 'plain')).toMatchObject({
      status: 201,
      body: {
        name: 'plain',
        kind: 'text',
        precision: 'float32',
        state: 'ready',
        dimensions: SIZE,
        maxTokens: 16,
      },
    });
  });

  it('answers as OpenAI does: text, list, tokens', async () => {
    const red = close(meanOf(['red']));
    const one = await runner.ask('POST', '/v1/embeddings', { input: 'Red', model: 'plain' });
    expect(one.body).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: red }],
      model: 'plain',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    const many = await runner.ask('POST', '/v1/embeddings', {
      input: ['red', 'green blue round', ''],
      model: 'plain',
    });
    const vectors = many.body.data.map(({ embedding }: { embedding: number[] }) => embedding);
    expect(vectors).toEqual([red, close(meanOf(['green', 'blue', 'round'])), close(meanOf([]))]);
    const tokens = await runner.ask('POST', '/v1/embeddings', { input: [[2, 4, 3]], model: 'plain' });
    expect(tokens.body.data[0].embedding).toEqual(red);
  });

  it('answers in base64, little-endian', async () => {
    const { body } = await runner.ask('POST', '/v1/embeddings', {
      input: 'red',
      model: 'plain',
      encoding_format: 'base64',
    });
    const bytes = Buffer.from(body.data[0].embedding, 'base64');
    expect(Array.from({ length: SIZE }, (_, at) => bytes.readFloatLE(at * 4))).toEqual(
      close(meanOf(['red'])),
    );
  });

  it('cuts a long text off between the special tokens, and never pads', async () => {
    const texts = ['blue '.repeat(100)];
    const { body } = await runner.ask('POST', '/runner/embed', { texts, model: 'plain' });
    expect(body.tokenIds[0]).toHaveLength(16);
    expect(body.tokenIds[0].at(-1)).toBe(WORDS.indexOf('[SEP]'));
  });

  it('serves ten thousand texts of one request in order, and a query between them', async () => {
    const input = Array.from({ length: 10_000 }, (_, at) =>
      Array.from({ length: (at * 7) % 12 }, () => WORDS[4 + (at % 3)]).join(' '),
    );
    const bulk = runner.ask('POST', '/v1/embeddings', { input, model: 'plain', encoding_format: 'base64' });
    let isDone = false;
    void bulk.then(() => {
      isDone = true;
    });
    await runner.ask('POST', '/v1/embeddings', { input: 'red', model: 'plain' });
    expect(isDone).toBe(false);
    const { body } = await bulk;
    expect(body.data).toHaveLength(10_000);
    for (const at of [0, 1, 5000, 9999]) {
      const words = (input[at] as string).split(' ').filter(Boolean);
      const bytes = Buffer.from(body.data[at].embedding, 'base64');
      expect(bytes.readFloatLE(0)).toBeCloseTo(meanOf(words)[0] as number, 4);
    }
  });

  it('takes a text of two megabytes', async () => {
    const { body } = await runner.ask('POST', '/v1/embeddings', {
      input: 'red '.repeat(500_000),
      model: 'plain',
    });
    expect(body.usage.prompt_tokens).toBe(16);
  });

  it('fails alone if its vector is not finite', async () => {
    const [good, bad] = await Promise.all(
      ['red', 'nan'].map((input) => runner.ask('POST', '/v1/embeddings', { input, model: 'plain' })),
    );
    expect(good?.status).toBe(200);
    expect(bad).toMatchObject({ status: 500, body: { error: { code: 'RUNNER_NAN', type: 'server_error' } } });
  });

  it.each([
    ['an empty list', { input: [] }, 400],
    ['no text', { model: 'plain' }, 400],
    ['a number', { input: 5 }, 400],
    ['an unknown token', { input: [[2, 400, 3]] }, 400],
    ['half a token', { input: [[2, 4.5]] }, 400],
    ['an unknown model', { input: 'a', model: 'other' }, 404],
    ['a model that is a path', { input: 'a', model: '../plain' }, 404],
    ['too many dimensions', { input: 'a', dimensions: 5 }, 400],
    ['an unknown encoding', { input: 'a', encoding_format: 'int8' }, 400],
    ['other files under the name', { input: 'a', hash: '0'.repeat(64) }, 409],
    ['no JSON', '{"input": ', 400],
  ])('refuses %s in OpenAI’s shape', async (_name, body, status) => {
    const sent = typeof body === 'string' ? body : { model: 'plain', ...body };
    const answer = await runner.ask('POST', '/v1/embeddings', sent);
    expect(answer).toMatchObject({
      status,
      body: { error: { message: expect.any(String), code: expect.any(String) } },
    });
  });

  it('needs the token for what changes something, and refuses pages of a browser', async () => {
    expect((await runner.ask('POST', '/runner/models/plain/drop', undefined, { token: null })).status).toBe(
      401,
    );
    expect(
      (await runner.ask('POST', '/runner/models/plain/drop', undefined, { token: 'wrong' })).status,
    ).toBe(401);
    const response = await fetch(`${runner.opened().url}/runner/status`, {
      headers: { origin: 'http://evil.example' },
    });
    expect(response.status).toBe(401);
    expect(await runner.ask('PUT', '/runner/status')).toMatchObject({
      status: 405,
      body: { next: 'Use GET.' },
    });
    const unknown = await runner.ask('GET', '/v1/nothing');
    expect(unknown).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(unknown.body.message).not.toBe(new PilotlightError('NOT_FOUND').message);
    expect((await runner.ask('GET', '/nothing')).status).toBe(404);
  });

  it('is dropped, and loaded again by the next request', async () => {
    expect((await runner.ask('POST', '/runner/models/plain/drop')).body.state).toBe('on-disk');
    expect((await runner.ask('POST', '/v1/embeddings', { input: 'red', model: 'plain' })).status).toBe(200);
    const shown = {
      id: 'plain',
      object: 'model',
      created: expect.any(Number),
      owned_by: 'pilotlight',
      capabilities: ['embed'],
    };
    expect((await runner.ask('GET', '/v1/models')).body.data).toContainEqual(shown);
    const { body } = await runner.ask('GET', '/v1/models/plain');
    expect(body).toEqual(shown);
    expect(Math.abs(body.created - Date.now() / 1000)).toBeLessThan(600);
    const other = await runner.ask('GET', '/v1/models/other');
    expect(other).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } });
    expect(other.body.error.message).toContain('plain');
  });
});

describe('kinds of text models', () => {
  const ids = { name: 'input_ids', type: 'int64' as const, dims: ['n', 's'] };
  const mask = { name: 'attention_mask', type: 'int64' as const, dims: ['n', 's'] };

  it.each<[string, TextModelSpec, readonly number[]]>([
    ['normalised without a list of modules', { files: pooling }, unit(meanOf(['red']))],
    ['with its graph at the root', { files: plain, graphPath: 'model.onnx' }, meanOf(['red'])],
    [
      'pooled by its first token',
      { files: { ...plain, '1_Pooling/config.json': { pooling_mode_cls_token: true } } },
      [3, 9, 1, -2],
    ],
    [
      'pooled by its last token',
      { files: { ...plain, '1_Pooling/config.json': { pooling_mode_lasttoken: true } } },
      [4, 16, 1, -3],
    ],
    [
      'that pools itself',
      {
        files: plain,
        graph: {
          outputs: [{ name: 'sentence_embedding', type: 'float32', dims: ['n', SIZE] }],
          nodes: [
            { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['rows'], attributes: { axis: 0 } },
            {
              op: 'ReduceMax',
              inputs: ['rows'],
              outputs: ['sentence_embedding'],
              attributes: { axes: [1], keepdims: 0 },
            },
          ],
        },
      },
      [5, 25, 1, -2],
    ],
    [
      'of one text at a time',
      {
        files: plain,
        graph: {
          inputs: [
            { ...ids, dims: [1, 's'] },
            { ...mask, dims: [1, 's'] },
          ],
          outputs: [{ name: 'last_hidden_state', type: 'float32', dims: [1, 's', SIZE] }],
        },
      },
      meanOf(['red']),
    ],
    [
      'of a fixed length',
      {
        files: plain,
        graph: {
          inputs: [
            { ...ids, dims: ['n', 8] },
            { ...mask, dims: ['n', 8] },
          ],
          outputs: [{ name: 'last_hidden_state', type: 'float32', dims: ['n', 8, SIZE] }],
        },
      },
      meanOf(['red']),
    ],
    ['without a mask', { files: plain, graph: { inputs: [ids] } }, meanOf(['red'])],
  ])('are right: %s', async (name, spec, expected) => {
    const model = `kind-${folders}`;
    expect((await runner.add(folder(spec), model)).status, name).toBe(201);
    const input = ['red', 'blue', 'red', 'green'];
    const { body } = await runner.ask('POST', '/v1/embeddings', { input, model });
    expect(body.data[0].embedding).toEqual(close(expected));
    expect(body.data[2].embedding).toEqual(close(expected));
  });

  it('put their prompts before queries and passages', async () => {
    const prompts = { query: 'green ', passage: 'blue ' };
    const files = { ...plain, 'config_sentence_transformers.json': { prompts } };
    await runner.add(folder({ files }), 'prompted');
    const of = async (input_type?: string) =>
      (await runner.ask('POST', '/v1/embeddings', { input: 'red', model: 'prompted', input_type })).body
        .data[0].embedding;
    expect(await of('query')).toEqual(close(meanOf(['green', 'red'])));
    expect(await of('passage')).toEqual(close(meanOf(['blue', 'red'])));
    expect(await of()).toEqual(close(meanOf(['red'])));
  });

  it.each<[string, TextModelSpec | (() => TextModelSpec), string]>([
    ['without a tokenizer', { files: { 'tokenizer.json': null } }, 'RUNNER_BAD_MODEL'],
    ['with a tokenizer that is none', { files: { 'tokenizer.json': '{"model": {}}' } }, 'RUNNER_BAD_MODEL'],
    ['with a tokenizer that is cut off', { files: { 'tokenizer.json': '{"model": ' } }, 'RUNNER_BAD_MODEL'],
    ['without a graph', { files: { 'onnx/model.onnx': null } }, 'RUNNER_BAD_MODEL'],
    [
      'with a graph that is cut off',
      () => ({ files: { 'onnx/model.onnx': encodeGraph(tableGraph()).slice(0, -40) } }),
      'RUNNER_BAD_GRAPH',
    ],
    ['with a graph of other bytes', { files: { 'onnx/model.onnx': 'not a graph' } }, 'RUNNER_BAD_GRAPH'],
    ['of a newer onnxruntime', { graph: { opset: 99 } }, 'RUNNER_BAD_GRAPH'],
    [
      'whose weights are missing',
      {
        graph: {
          constants: [
            {
              name: 'table',
              type: 'float32',
              dims: [WORDS.length, SIZE],
              data: new Float32Array(0),
              external: 'model.onnx_data',
            },
          ],
        },
      },
      'RUNNER_BAD_GRAPH',
    ],
    [
      'with other inputs',
      { graph: { inputs: [ids, { name: 'pixels', type: 'float32', dims: ['n', 3] }] } },
      'RUNNER_BAD_MODEL',
    ],
  ])('are refused with the reason: %s', async (_name, spec, code) => {
    const answer = await runner.add(folder(typeof spec === 'function' ? spec() : spec), 'refused');
    expect(answer.body).toMatchObject({ code, message: expect.any(String) });
    expect(answer.status).toBe(422);
    const { body } = await runner.ask('GET', '/runner/status');
    expect(body.models.map(({ name }: { name: string }) => name)).not.toContain('refused');
  });

  it('are replaced only if that is asked for, and have another hash when their files change', async () => {
    const path = folder({ files: plain });
    const { body: first } = await runner.add(path, 'changing');
    expect((await runner.add(path, 'changing')).status).toBe(201);
    writeFileSync(join(path, 'config.json'), JSON.stringify({ max_position_embeddings: 8 }));
    expect(await runner.add(path, 'changing')).toMatchObject({
      status: 409,
      body: { code: 'ALREADY_EXISTS' },
    });
    const again = await runner.ask('POST', '/runner/models', { path, name: 'changing', replace: true });
    expect(again.body).toMatchObject({ maxTokens: 8 });
    expect(again.body.hash).not.toBe(first.hash);
    expect((await runner.ask('DELETE', '/runner/models/changing')).status).toBe(200);
    expect((await runner.ask('DELETE', '/runner/models/changing')).status).toBe(404);
  });

  it.each(['', '../up', 'a/b', '.hidden', 'x'.repeat(101)])('are never called "%s"', async (name) => {
    const path = folder({ files: plain });
    expect((await runner.ask('POST', '/runner/models', { path, name })).status).toBe(400);
  });
});
