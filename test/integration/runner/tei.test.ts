/** The paths of text-embeddings-inference and infinity, with a small model behind both processes of the runner. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestRunner, type TestRunner } from '../../fakes/open-runner.ts';
import { meanOf, SIZE, type TextModelSpec, tableRow, WORDS, writeTextModel } from '../../fakes/text-model.ts';

let models: string;
let runner: TestRunner;
const pooling = { '1_Pooling/config.json': { pooling_mode_mean_tokens: true } };
const modules = (...types: string[]) => ({
  ...pooling,
  'modules.json': types.map((type) => ({ type: `x.${type}` })),
});
const prompts = { query: 'green ', search_document: 'blue ' };
const specs: Readonly<Record<string, TextModelSpec>> = {
  plain: { files: modules('Transformer', 'Pooling') },
  unit: { files: modules('Transformer', 'Pooling', 'Normalize') },
  prompted: {
    files: { ...modules('Transformer', 'Pooling'), 'config_sentence_transformers.json': { prompts } },
  },
  nested: {
    files: {
      ...modules('Transformer', 'Pooling'),
      'config.json': { max_position_embeddings: 16, matryoshka_dimensions: [2, 3] },
    },
  },
  pooled: {
    files: modules('Transformer', 'Pooling'),
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
};

beforeAll(async () => {
  models = mkdtempSync(join(tmpdir(), 'pilotlight-tei-'));
  runner = createTestRunner();
  await runner.open();
  for (const [name, spec] of Object.entries(specs)) {
    expect((await runner.add(writeTextModel(join(models, name), spec), name)).status).toBe(201);
  }
});
afterAll(async () => {
  await runner.close();
  rmSync(models, { recursive: true, force: true });
});

const post = (path: string, body: unknown) => runner.ask('POST', path, body);
const close = (numbers: readonly number[]) => numbers.map((one) => expect.closeTo(one, 4));
const unit = (numbers: readonly number[]) => numbers.map((one) => one / Math.hypot(...numbers));
const idOf = (word: string) => WORDS.indexOf(word);
const rowsOf = (...words: string[]) =>
  ['[CLS]', ...words, '[SEP]'].map((word) => close(tableRow(idOf(word))));

describe('/embed', () => {
  it('gives vectors of length 1 unless the request says otherwise, whatever the model does', async () => {
    for (const model of ['plain', 'unit']) {
      const { body, headers } = await post('/embed', { inputs: ['red', 'blue green'], model });
      expect(body).toEqual([close(unit(meanOf(['red']))), close(unit(meanOf(['blue', 'green'])))]);
      expect(headers.get('x-compute-tokens')).toBe('7');
      expect(headers.get('x-compute-characters')).toBe('13');
      expect(headers.get('x-compute-type')).toBe('cpu');
      const raw = await post('/embed', { inputs: ['red', 'blue green'], model, normalize: false });
      expect(raw.body).toEqual([close(meanOf(['red'])), close(meanOf(['blue', 'green']))]);
    }
  });

  it('takes a text, texts, and tokens', async () => {
    const red = [close(unit(meanOf(['red'])))];
    const tokens = [idOf('[CLS]'), idOf('red'), idOf('[SEP]')];
    for (const inputs of ['red', ['red'], [tokens], tokens])
      expect((await post('/embed', { inputs, model: 'plain' })).body).toEqual(red);
  });

  it('keeps the start of a long text, or its end, or refuses it', async () => {
    const inputs = `${'red '.repeat(20)}${'blue '.repeat(14)}`;
    const of = async (options: object) =>
      (await post('/embed', { inputs, model: 'plain', normalize: false, ...options })).body;
    expect(await of({})).toEqual([close(meanOf(Array(14).fill('red')))]);
    expect(await of({ truncation_direction: 'right' })).toEqual([close(meanOf(Array(14).fill('red')))]);
    expect(await of({ truncation_direction: 'left' })).toEqual([close(meanOf(Array(14).fill('blue')))]);
    expect(await post('/embed', { inputs, model: 'plain', truncate: false })).toMatchObject({
      status: 413,
      body: { error: expect.stringContaining('16'), error_type: 'Validation' },
    });
  });

  it('puts the named prompt before the texts, and refuses one that the model does not have', async () => {
    const of = (prompt_name: string) =>
      post('/embed', { inputs: 'red', model: 'prompted', prompt_name, normalize: false });
    expect((await of('query')).body).toEqual([close(meanOf(['green', 'red']))]);
    expect((await of('search_document')).body).toEqual([close(meanOf(['blue', 'red']))]);
    for (const name of ['document', 'constructor'])
      expect(await of(name)).toMatchObject({ status: 413, body: { error_type: 'Validation' } });
  });

  it('cuts vectors only to the lengths that the model names, if it names any', async () => {
    const of = (model: string, dimensions: number) => post('/embed', { inputs: 'red', model, dimensions });
    const [x = 0, y = 0, z = 0] = meanOf(['red']);
    expect((await of('nested', 2)).body).toEqual([close(unit([x, y]))]);
    expect((await of('plain', 3)).body).toEqual([close(unit([x, y, z]))]);
    expect((await of('nested', SIZE)).body).toEqual([close(unit(meanOf(['red'])))]);
    for (const [model, dimensions] of [
      ['nested', 1],
      ['plain', SIZE + 1],
    ] as const) {
      expect(await of(model, dimensions)).toMatchObject({ status: 413, body: { error_type: 'Validation' } });
      expect(await post('/v1/embeddings', { input: 'red', model, dimensions })).toMatchObject({
        status: 400,
        body: { error: { type: 'invalid_request_error' } },
      });
    }
  });

  it('is also the path of Hugging Face’s clients', async () => {
    expect((await post('/', { inputs: 'red', model: 'plain' })).body).toEqual([close(unit(meanOf(['red'])))]);
    const pair = { source_sentence: 'red', sentences: ['red', 'blue'] };
    const { body } = await post('/', { inputs: pair, model: 'plain' });
    expect(body).toEqual((await post('/similarity', { inputs: pair, model: 'plain' })).body);
  });
});

describe('/embed_all', () => {
  it('gives the vector of each token, without the padding of its batch', async () => {
    const inputs = ['red', 'blue green round', '', 'blue'];
    const { status, body, headers } = await post('/embed_all', { inputs, model: 'unit' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toEqual([rowsOf('red'), rowsOf('blue', 'green', 'round'), rowsOf(), rowsOf('blue')]);
  });

  it('refuses models that have none, more tokens than an answer can hold, and what is not finite', async () => {
    expect(await post('/embed_all', { inputs: 'red', model: 'pooled' })).toMatchObject({
      status: 424,
      body: { error_type: 'Backend' },
    });
    const many = Array(1100).fill('red '.repeat(14));
    expect(await post('/embed_all', { inputs: many, model: 'plain' })).toMatchObject({
      status: 413,
      body: { error: expect.stringContaining('17600'), error_type: 'Validation' },
    });
    expect(await post('/embed_all', { inputs: ['red', 'nan'], model: 'plain' })).toMatchObject({
      status: 424,
      body: { error_type: 'Backend' },
    });
  });
});

describe('/tokenize and /decode', () => {
  const token = (text: string, special = false) => ({
    id: idOf(text),
    text,
    special,
    start: null,
    stop: null,
  });

  it('names all tokens of a text, with the special ones or without', async () => {
    const all = [token('[CLS]', true), token('red'), token('[UNK]'), token('[SEP]', true)];
    const ask = (options: object) => post('/tokenize', { inputs: 'red thing', model: 'plain', ...options });
    expect((await ask({})).body).toEqual([all]);
    expect((await ask({ add_special_tokens: false })).body).toEqual([all.slice(1, -1)]);
    // A client that counts them wants all, also of a text that the model would cut off.
    expect((await ask({ inputs: 'blue '.repeat(100) })).body[0]).toHaveLength(102);
    expect((await ask({ inputs: ['red'], model: 'prompted', prompt_name: 'query' })).body[0]).toEqual([
      ...[token('[CLS]', true), token('green'), token('red'), token('[SEP]', true)],
    ]);
  });

  it('makes texts of tokens again', async () => {
    const ids = ['[CLS]', 'red', 'round', '[SEP]'].map(idOf);
    expect((await post('/decode', { ids, model: 'plain' })).body).toEqual(['red round']);
    const both = await post('/decode', {
      ids: [ids, [idOf('blue')]],
      model: 'plain',
      skip_special_tokens: false,
    });
    expect(both.body).toEqual(['[CLS] red round [SEP]', 'blue']);
    expect(await post('/decode', { ids: [400], model: 'plain' })).toMatchObject({
      status: 422,
      body: { error_type: 'Tokenizer' },
    });
  });
});

it('/similarity compares by the angle, with the parameters of the request', async () => {
  const inputs = { source_sentence: 'red', sentences: ['red', 'blue'] };
  const { body } = await post('/similarity', { inputs, model: 'prompted' });
  expect(body[0]).toBeCloseTo(1, 6);
  expect(body[1]).toBeLessThan(1);
  const parameters = { prompt_name: 'query', truncate: true };
  const named = await post('/similarity', { inputs, model: 'prompted', parameters });
  expect(named.body[1]).not.toBeCloseTo(body[1], 6);
});

it('/info names the model and the limits of a request', async () => {
  expect((await runner.ask('GET', '/info?model=plain')).body).toMatchObject({
    model_id: 'plain',
    model_type: { embedding: { pooling: 'mean' } },
    max_input_length: 16,
    max_client_batch_size: 10_000,
    auto_truncate: true,
  });
  expect((await runner.ask('GET', '/health')).status).toBe(200);
});

describe('what is refused, in TEI’s shape', () => {
  it.each([
    ['no JSON', '/embed', '{"inputs": ', 400, 'Validation'],
    ['no texts', '/embed', { inputs: [] }, 400, 'Empty'],
    ['no texts for tokens', '/tokenize', { inputs: [] }, 400, 'Empty'],
    ['a missing field', '/embed', { texts: ['a'] }, 422, 'Validation'],
    ['an unknown direction', '/embed', { inputs: 'a', truncation_direction: 'up' }, 422, 'Validation'],
    ['an unknown token', '/embed', { inputs: [[2, 400, 3]] }, 422, 'Tokenizer'],
    ['too many texts', '/embed', { inputs: Array(10_001).fill('a') }, 413, 'Validation'],
    ['too many texts for all vectors', '/embed_all', { inputs: Array(10_001).fill('a') }, 413, 'Validation'],
    ['a text without a finite vector', '/embed', { inputs: 'nan' }, 424, 'Backend'],
    ['the task of a reranker', '/rerank', { query: 'a', texts: ['b'] }, 424, 'Backend'],
    ['the task of a sparse model', '/embed_sparse', { inputs: 'a' }, 424, 'Backend'],
    ['a model that is not there', '/embed', { inputs: 'a', model: 'other' }, 404, 'Validation'],
  ])('%s', async (_name, path, body, status, type) => {
    const sent = typeof body === 'string' ? body : { model: 'plain', ...body };
    expect(await post(path, sent)).toMatchObject({
      status,
      body: { error: expect.any(String), error_type: type },
    });
  });

  it('a body that is too large, before it is read', async () => {
    const answer = await post('/embed', JSON.stringify({ inputs: 'a'.repeat(65 * 1024 ** 2) }));
    expect(answer).toMatchObject({ status: 413, body: { error_type: 'Validation' } });
  });
});

it('/metrics counts requests by the names of TEI', async () => {
  const read = async () => {
    const { body, headers } = await runner.ask('GET', '/metrics');
    expect(headers.get('content-type')).toContain('version=0.0.4');
    return (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
  };
  const before = await read();
  await post('/embed', { inputs: ['red', 'blue'], model: 'plain' });
  await post('/embed', { inputs: 'nan', model: 'plain' });
  await runner.ask('GET', '/');
  const after = await read();
  expect(after('te_request_count') - before('te_request_count')).toBe(2);
  expect(after('te_embed_count') - before('te_embed_count')).toBe(2);
  expect(after('te_queue_size')).toBe(0);
  expect(after('pilotlight_runner_process_ready')).toBe(1);
});

it('infinity’s paths are OpenAI’s, without a version', async () => {
  const { body } = await post('/embeddings', { input: 'red', model: 'plain' });
  expect(body).toMatchObject({ object: 'list', data: [{ embedding: close(meanOf(['red'])) }] });
  const { data } = (await runner.ask('GET', '/models')).body;
  expect(data.map(({ id }: { id: string }) => id)).toEqual(Object.keys(specs));
});
