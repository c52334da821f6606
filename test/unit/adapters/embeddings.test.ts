import { afterEach, describe, expect, it, vi } from 'vitest';
import { mostEmbedBytes, readEmbeddings } from '../../../electron/adapters/inference/embeddings.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';

afterEach(() => vi.restoreAllMocks());

const answer = (vectors: readonly (readonly number[])[], rest: object = {}) =>
  JSON.stringify({ model: 'm', embeddings: vectors, ...rest });

async function outcome(text: string, wanted: number): Promise<unknown> {
  try {
    return await readEmbeddings(text, wanted);
  } catch (error) {
    if (isPilotlightError(error)) return error.code;
    throw error;
  }
}

describe('the vectors of an answer', () => {
  it('are read in order, whatever is around them', async () => {
    const wanted = [Float32Array.of(1, -2.5), Float32Array.of(3e-8, 4)];
    for (const text of [
      answer([
        [1, -2.5],
        [3e-8, 4],
      ]),
      ' { "model" : "a\\"]" , "total_duration":5,"ok":true, "embeddings" : [ [1, -2.5] , [3e-8,4] ] } \n',
      '{"embeddings":[[1,-2.5],[3e-8,4]],"load_duration":1,"more":{"x":[1]}}',
    ])
      expect((await readEmbeddings(text, 2))?.vectors).toEqual(wanted);
  });

  it.each([
    ['no JSON', '<html>', null],
    ['another shape', '{"embedding":[1]}', null],
    ['a list', '[[1]]', null],
    ['a number', '{"embeddings":7}', null],
    ['behind a thousand members', `{${'"a":1,'.repeat(1000)}"embeddings":[[1],[2]]}`, null],
    ['null', '{"embeddings":null}', 'SERVER_ERROR'],
    ['none', '{"embeddings":[]}', 'SERVER_ERROR'],
    ['one too many', '{"embeddings":[[1],[2],[3]]}', 'SERVER_ERROR'],
    ['cut off in a vector', '{"embeddings":[[1,2],[3,', 'SERVER_ERROR'],
    ['cut off between vectors', '{"embeddings":[[1,2],', 'SERVER_ERROR'],
    ['cut off behind the vectors', '{"embeddings":[[1,2],[3,4]]', 'SERVER_ERROR'],
    ['nested', '{"embeddings":[[[1]],[2]]}', 'SERVER_ERROR'],
    ['texts', '{"embeddings":[["]"],[2]]}', 'SERVER_ERROR'],
    ['empty vectors', '{"embeddings":[[],[]]}', 'SERVER_ERROR'],
    ['brackets without an end', `{"embeddings":[${'['.repeat(1_000_000)}`, 'SERVER_ERROR'],
  ])('%s', async (_, text, wanted) => {
    expect(await outcome(text, 2)).toBe(wanted);
  });

  it('without input are none', async () => {
    expect(await readEmbeddings('{"model":"m","embeddings":[]}', 0)).toEqual({ vectors: [], serverMs: null });
  });

  it.each([
    ['the nanoseconds that follow', { total_duration: 2_500_000, load_duration: 1 }, 2.5],
    ['null', { total_duration: null }, null],
    ['a text', { total_duration: '5' }, null],
    ['a negative number', { total_duration: -1 }, null],
    ['more than is read', { more: 'x'.repeat(5000), total_duration: 5 }, null],
  ])('come with the time of the server: %s', async (_, rest, serverMs) => {
    expect(await readEmbeddings(answer([[1]], rest), 1)).toEqual({ vectors: [Float32Array.of(1)], serverMs });
  });
});

describe('the thread', () => {
  it('gets a turn after at most a megabyte of numbers', async () => {
    const vector = Array.from({ length: 4096 }, (_, index) => -0.062_879_353_761_672_97 / (index + 1));
    const text = answer(Array.from({ length: 256 }, () => vector));
    const parse = vi.spyOn(JSON, 'parse');
    const blocks: number[] = [];
    const parsedSoFar = () => parse.mock.calls.reduce((sum, [one]) => sum + one.length, 0);
    let counted = 0;
    const pause = async () => {
      blocks.push(parsedSoFar() - counted);
      counted = parsedSoFar();
    };
    expect((await readEmbeddings(text, 256, pause))?.vectors).toHaveLength(256);
    await pause();
    expect(text.length).toBeGreaterThan(20_000_000);
    expect(blocks.reduce((sum, block) => sum + block, 0)).toBeGreaterThan(20_000_000);
    expect(Math.max(...blocks)).toBeLessThan(1_000_000);
  });

  it('parses nothing of a vector that is far too long', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    expect(await outcome(`{"embeddings":[[${'1,'.repeat(300_000)}1]]}`, 1)).toBe('SERVER_ERROR');
    expect(parse).not.toHaveBeenCalled();
  });

  it('has a bound for each size of a batch', () => {
    expect(mostEmbedBytes(1)).toBeLessThan(600_000);
    expect(mostEmbedBytes(32)).toBeGreaterThan(32 * 4096 * 22);
    expect(mostEmbedBytes(100_000)).toBe(128 * 1024 * 1024);
  });
});
