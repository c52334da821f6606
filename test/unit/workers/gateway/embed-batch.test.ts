import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  evenSizes,
  findBatch,
  mergeEmbed,
  mergeOpenAiEmbeddings,
  type PartAnswer,
  splitBatch,
} from '../../../../electron/workers/gateway/embed-batch.ts';

const elementsOf = (body: string) => {
  const bytes = Buffer.from(body);
  return findBatch(bytes)?.elements.map(({ start, end }) => bytes.toString('utf8', start, end));
};

describe('a batch', () => {
  it('is a list of texts, or of lists of token ids', () => {
    expect(elementsOf('{"model":"m","input":["a", "b\\"]" ,"ü"],"truncate":true}')).toEqual([
      '"a"',
      '"b\\"]"',
      '"ü"',
    ]);
    expect(elementsOf('{"Input":[[1,2],[3]]}')).toEqual(['[1,2]', '[3]']);
  });

  it.each([
    '{"input":"a"}',
    '{"input":["a"]}',
    '{"input":[]}',
    '{"input":[1,2,3]}',
    '{"input":["a",5]}',
    '{"input":["a",[1]]}',
    '{"input":[{"a":1},{"a":2}]}',
    '{"input":null}',
    '{"model":"m"}',
    '{"input":["a","b"],"input":["c","d"]}',
    '{"input":["a","b"]',
    '["a","b"]',
    '',
    'nonsense',
  ])('is not %s', (body) => expect(findBatch(Buffer.from(body))).toBeNull());

  it('is split as evenly as possible', () => {
    expect(evenSizes(10, 3)).toEqual([3, 3, 4]);
    expect(evenSizes(2, 5)).toEqual([1, 1]);
    expect(evenSizes(5, 1)).toEqual([5]);
    expect(evenSizes(3, 0)).toEqual([3]);
  });

  it('keeps everything else', () => {
    const body = Buffer.from('{ "model":"m", "input": [ "a" , "b","c" ],"options":{"input":["x","y"]}}\n');
    const parts = splitBatch(body, findBatch(body) as Batch, [2, 1]);
    expect(parts.map(String)).toEqual([
      '{ "model":"m", "input": ["a" , "b"],"options":{"input":["x","y"]}}\n',
      '{ "model":"m", "input": ["c"],"options":{"input":["x","y"]}}\n',
    ]);
  });
});

/** Made-up numbers in forms that a parser would not keep. */
function vectorOf(input: unknown): string {
  const seed = JSON.stringify(input).length;
  return `[${seed}.10,-1e-07,0.30000000000000000${seed}, 2.0]`;
}

type Ask = (body: Buffer) => Buffer;

const ollama: Ask = (body) => {
  const { input } = JSON.parse(String(body)) as { input: unknown[] };
  const tokens = input.reduce<number>((sum, one) => sum + JSON.stringify(one).length - 2, 0);
  const counted = tokens > 0 ? `,"prompt_eval_count":${tokens}` : '';
  return Buffer.from(
    `{"model":"ünï","embeddings":[${input.map(vectorOf).join(',')}],"total_duration":7,"load_duration":3${counted}}`,
  );
};

const openAi =
  (base64: boolean, order: 'up' | 'down'): Ask =>
  (body) => {
    const { input } = JSON.parse(String(body)) as { input: unknown[] };
    const data = input.map((one, index) => {
      const vector = base64 ? JSON.stringify(Buffer.from(vectorOf(one)).toString('base64')) : vectorOf(one);
      return `{"object":"embedding","embedding":${vector},"index":${index}}`;
    });
    if (order === 'down') data.reverse();
    const tokens = JSON.stringify(input).length;
    // A made-up count that adds up over the parts: one for each element.
    return Buffer.from(
      `{"object":"list","data":[${data.join(',')}],"model":"m","usage":{"prompt_tokens":${input.length},"details":null,"total_tokens":${input.length}}}\n${' '.repeat(tokens % 2)}`.trimEnd() +
        '\n',
    );
  };

function splitAndMerge(
  ask: Ask,
  merge: typeof mergeEmbed,
  body: Buffer,
  parts: number,
): ReturnType<typeof mergeEmbed> {
  const batch = findBatch(body) as Batch;
  const sizes = evenSizes(batch.elements.length, parts);
  const bodies = splitBatch(body, batch, sizes);
  return merge(bodies.map((one, index): PartAnswer => ({ body: ask(one), count: sizes[index] as number })));
}

describe('the answers of a split batch', () => {
  const texts = fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 20 });
  const tokens = fc.array(fc.array(fc.nat(50_000)), { minLength: 2, maxLength: 20 });
  const inputs = fc.oneof(texts, tokens);
  const gap = fc.constantFrom(undefined, 1, '\t');

  it('are the answer of the whole, byte for byte', () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 6 }), gap, (input, parts, space) => {
        const body = Buffer.from(JSON.stringify({ model: 'ünï', input, truncate: false }, null, space));
        const merged = splitAndMerge(ollama, mergeEmbed, body, parts);
        expect(merged).toMatchObject({ kind: 'merged' });
        const whole = JSON.parse(String(ollama(body)));
        const text = String((merged as { body: Buffer }).body);
        expect(JSON.parse(text)).toEqual(whole);
        for (const one of input) expect(text).toContain(vectorOf(one));
        if (whole.prompt_eval_count === undefined || JSON.parse(text).prompt_eval_count === undefined) return;
        expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(whole));
      }),
    );
    for (const base64 of [true, false]) {
      fc.assert(
        fc.property(inputs, fc.integer({ min: 1, max: 6 }), gap, (input, parts, space) => {
          const body = Buffer.from(JSON.stringify({ input }, null, space));
          const merged = splitAndMerge(openAi(base64, 'up'), mergeOpenAiEmbeddings, body, parts);
          expect(String((merged as { body: Buffer }).body)).toBe(String(openAi(base64, 'up')(body)));
          const mixed = splitAndMerge(openAi(base64, 'down'), mergeOpenAiEmbeddings, body, parts);
          expect(mixed).toEqual(merged);
        }),
      );
    }
  });

  const part = (body: string, count: number): PartAnswer => ({ body: Buffer.from(body), count });
  const textOf = (merged: ReturnType<typeof mergeEmbed>) =>
    merged.kind === 'merged' ? String(merged.body) : merged;

  it('take the longest durations and all tokens', () => {
    const one =
      '{"model":"m","embeddings":[[1.0]],"total_duration":9,"load_duration":1,"prompt_eval_count":2} \n';
    const two = '{"model":"m","embeddings":[[2]],"total_duration":5,"load_duration":4,"prompt_eval_count":3}';
    expect(textOf(mergeEmbed([part(one, 1), part(two, 1)]))).toBe(
      '{"model":"m","embeddings":[[1.0],[2]],"total_duration":9,"load_duration":4,"prompt_eval_count":5} \n',
    );
  });

  it('have figures that only a later part has', () => {
    const one = '{"total_duration":1,"embeddings":[[1]]}';
    const two = '{"embeddings":[[2]],"load_duration":4,"prompt_eval_count":3}';
    expect(textOf(mergeEmbed([part(one, 1), part(two, 1)]))).toBe(
      '{"total_duration":1,"embeddings":[[1],[2]],"load_duration":4,"prompt_eval_count":3}',
    );
  });

  it('sum the usage, whatever else it has', () => {
    const answer = (own: string) => `{"usage":${own},"data":[{"index":0,"embedding":[1]}],"id":"x"}`;
    const merged = (one: string, two: string) =>
      textOf(mergeOpenAiEmbeddings([part(answer(one), 1), part(answer(two), 1)]));
    expect(merged('{"prompt_tokens":2,"x":1.5,"total_tokens":2}', '{"prompt_tokens":3}')).toBe(
      '{"usage":{"prompt_tokens":5,"x":1.5,"total_tokens":2},"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}],"id":"x"}',
    );
    expect(merged('null', '{"prompt_tokens":3}')).toContain('"usage":null');
  });

  it.each([
    '{"embeddings":[[1]]}',
    '{"embeddings":[[1],[2],[3]]}',
    '{"embeddings":[[1],null]}',
    '{"embeddings":[[1],"a"]}',
    '{"embeddings":{}}',
    '{"embeddings":[[1],[2]]',
    '{"error":"server busy"}',
    '[]',
    '<html>',
    '',
  ])('are refused if one is %s', (broken) => {
    const good = part('{"embeddings":[[1],[2]]}', 2);
    expect(mergeEmbed([good, part(broken, 2)])).toEqual({ kind: 'unusable', part: 1 });
    expect(mergeEmbed([part(broken, 2), good])).toEqual({ kind: 'unusable', part: 0 });
  });

  it.each([
    '{"data":[{"index":0,"embedding":[1]}]}',
    '{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}',
    '{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}',
    '{"data":[{"index":0,"embedding":[1]},{"index":-1,"embedding":[1]}]}',
    '{"data":[{"index":0,"embedding":[1]},{"embedding":[1]}]}',
    '{"data":[{"index":0,"embedding":[1]},{"index":1}]}',
    '{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":null}]}',
    '{"data":[{"index":0,"embedding":[1]},5]}',
    '{"data":"x"}',
    '{"error":{"message":"no"}}',
    '<html>',
  ])('of the OpenAI dialect are refused if one is %s', (broken) => {
    const good = part('{"data":[{"index":0,"embedding":"AA=="},{"index":1,"embedding":"AA=="}]}', 2);
    expect(mergeOpenAiEmbeddings([good, part(broken, 2)])).toEqual({ kind: 'unusable', part: 1 });
    expect(mergeOpenAiEmbeddings([part(broken, 2), good])).toEqual({ kind: 'unusable', part: 0 });
  });

  it('need a part', () => {
    expect(mergeEmbed([])).toEqual({ kind: 'unusable', part: 0 });
    expect(mergeOpenAiEmbeddings([])).toEqual({ kind: 'unusable', part: 0 });
  });

  it('of one part stay as they are', () => {
    const answer = '{"model":"m","embeddings":[],"x":1}';
    expect(textOf(mergeEmbed([part(answer, 0)]))).toBe(answer);
  });
});
