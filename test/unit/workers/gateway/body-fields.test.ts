import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BodyFieldsOptions,
  createBodyFieldsReader,
} from '../../../../electron/workers/gateway/body-fields.ts';

const chat: BodyFieldsOptions = { takesName: false, conversation: 'messages' };

function read(text: string | Buffer, options = chat, size = Number.MAX_SAFE_INTEGER) {
  const reader = createBodyFieldsReader(options);
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
  return reader.end();
}

describe('the model', () => {
  it.each([
    ['plain', '{"model":"a:b"}', 'a:b'],
    ['with spaces around', ' \n{ "model" : "a" } ', 'a'],
    ['escaped, in key and value', '{"mod\\u0065l":"\\u0061\\"\\\\b"}', 'a"\\b'],
    ['not in ASCII', '{"model":"ä☃😀"}', 'ä☃😀'],
    ['twice: the last counts', '{"model":"a","model":"b"}', 'b'],
    ['then null, which changes nothing', '{"model":"a","model":null}', 'a'],
    ['in another case, as Go reads it', '{"model":"a","MODEL":"b"}', 'b'],
    ['after everything else', '{"messages":[{"model":"x"}],"options":{"model":"y"},"model":"a"}', 'a'],
    ['empty', '{"model":""}', null],
    ['missing', '{"prompt":"\\"model\\":\\"x\\""}', null],
    ['null', 'null', null],
  ])('%s', (_, body, model) => {
    expect(read(body)).toMatchObject({ model, fault: null });
  });

  it('may be called name where a server allows it', () => {
    expect(read('{"name":"a"}').model).toBeNull();
    expect(read('{"name":"a"}', { ...chat, takesName: true }).model).toBe('a');
    expect(read('{"name":"a","model":"b"}', { ...chat, takesName: true }).model).toBe('b');
    expect(read('{"name":"a","model":""}', { ...chat, takesName: true }).model).toBe('a');
  });

  it('knows the place of each of its values', () => {
    const body = '{"model":"a","x":"ä","model":"b"}';
    const bytes = Buffer.from(body);
    const spans = read(body).modelSpans;
    expect(spans.map(({ start, end }) => bytes.subarray(start, end).toString())).toEqual(['"a"', '"b"']);
  });

  it('is not read when it is too long to be a name', () => {
    expect(read(`{"model":"${'a'.repeat(10_000)}"}`).model).toBeNull();
  });
});

it('reads the other fields that routing needs', () => {
  const body =
    '{"stream":false,"options":{"x":{"num_ctx":1},"num_ctx":8192},"prompt_cache_key":"k","input":["a",["b,"],"c"]}';
  expect(read(body)).toMatchObject({ stream: false, contextLength: 8192, promptCacheKey: 'k', inputs: 3 });
  expect(read('{"stream":null,"options":{"num_ctx":null},"input":"a","prompt_cache_key":""}')).toMatchObject({
    stream: null,
    contextLength: null,
    promptCacheKey: null,
    placesModel: false,
    unloads: false,
    inputs: null,
  });
  for (const [numGpu, placesModel] of [
    ['0', true],
    ['99', true],
    ['-1', false],
    ['null', false],
  ] as const) {
    expect(read(`{"options":{"num_gpu":${numGpu},"num_ctx":5}}`)).toMatchObject({
      placesModel,
      contextLength: 5,
    });
  }
  expect(read('{"options":{"num_ctx":"big"},"input":[ ]}')).toMatchObject({ contextLength: null, inputs: 0 });
});

it.each([
  ['0', true],
  ['0.0', true],
  ['"0"', true],
  ['"0s"', true],
  ['"0h0m"', true],
  ['-1', false],
  ['300', false],
  ['"5m"', false],
  ['"0h5m"', false],
  ['"10m"', false],
  ['0.5', false],
  ['null', false],
  ['[0]', false],
])('knows whether keep_alive %s unloads the model', (keepAlive, unloads) => {
  expect(read(`{"model":"a","keep_alive":${keepAlive}}`).unloads).toBe(unloads);
});

describe('faults', () => {
  it.each([
    ['', { kind: 'empty' }],
    [' \n', { kind: 'empty' }],
    ['{"model":"a"', { kind: 'incomplete' }],
    ['{"model":"a', { kind: 'incomplete' }],
    ['[1]', { kind: 'not-an-object', type: 'array' }],
    ['"a"', { kind: 'not-an-object', type: 'string' }],
    ['7', { kind: 'not-an-object', type: 'number' }],
    ['true', { kind: 'not-an-object', type: 'bool' }],
    ['hello', { kind: 'no-value', character: 'h' }],
    ['{"model":5}', { kind: 'model-type', key: 'model', type: 'number' }],
    ['{"model":true}', { kind: 'model-type', key: 'model', type: 'bool' }],
    ['{"model":["a"]}', { kind: 'model-type', key: 'model', type: 'array' }],
    ['{"model":{"a":1}}', { kind: 'model-type', key: 'model', type: 'object' }],
  ])('%j', (body, fault) => {
    expect(read(body).fault).toEqual(fault);
  });
});

it('reads a million nested arrays without a stack', () => {
  const deep = `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)},"model":"m"}`;
  expect(read(deep)).toMatchObject({ model: 'm', fault: null });
});

it('finds the same wherever the chunks end', () => {
  fc.assert(
    fc.property(
      fc.record({
        model: fc.string(),
        messages: fc.array(fc.json()),
        x: fc.jsonValue(),
        input: fc.array(fc.string()),
      }),
      fc.integer({ min: 1, max: 20 }),
      (body, size) => {
        const text = JSON.stringify(body);
        expect(read(text, chat, size)).toEqual(read(text));
        expect(read(text).model).toBe(body.model === '' ? null : body.model.toWellFormed());
        expect(read(text).inputs).toBe(body.input.length);
      },
    ),
  );
});

describe('the conversation', () => {
  const messages = (...texts: string[]) =>
    JSON.stringify({ model: 'm', messages: texts.map((content) => ({ content })) });

  it('has one key for each of its beginnings', () => {
    const [short, long] = [read(messages('a', 'b')), read(messages('a', 'b', 'c'))];
    expect(short.conversation).toHaveLength(2);
    expect(long.conversation.slice(0, 2)).toEqual(short.conversation);
    expect(read(messages('a', 'x', 'c')).conversation[1]).not.toBe(long.conversation[1]);
  });

  it('tells long messages apart by their beginning and length', () => {
    const long = 'x'.repeat(100_000);
    const keys = (text: string) => read(messages(text)).conversation[0];
    expect(keys(long)).toBe(keys(long));
    expect(keys(`${long}y`)).not.toBe(keys(long));
    expect(keys(`y${long.slice(1)}`)).not.toBe(keys(long));
  });

  it('of one long prompt has keys at fixed lengths', () => {
    const options: BodyFieldsOptions = { takesName: false, conversation: 'prompt' };
    const keys = (prompt: string) => read(JSON.stringify({ prompt }), options).conversation;
    const text = 'word '.repeat(2000);
    expect(keys(text)).toHaveLength(4);
    expect(keys(`${text}more`).slice(0, 3)).toEqual(keys(text).slice(0, 3));
    expect(keys('short')).toHaveLength(1);
  });
});
