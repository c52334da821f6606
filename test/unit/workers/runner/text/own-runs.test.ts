import { describe, expect, it } from 'vitest';
import type { OpenedGraph, RunOptions, Tensor } from '../../../../../electron/workers/runner/sessions.ts';
import { createOwnRuns } from '../../../../../electron/workers/runner/text/own-runs.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';

const SIZE = 2;
type Feed = { dims: readonly number[]; data: BigInt64Array };

/** Its vector of a token is (id, 1). It holds at most `most` padded tokens at once. */
function setUp({ most = Infinity, budget = 100, hasMask = true, rows = null as number | null } = {}) {
  const batches: (readonly number[])[] = [];
  const learned: number[] = [];
  const graph: OpenedGraph = {
    inputs: [
      { name: 'input_ids', type: 'int64', dims: ['n', 's'] },
      ...(hasMask ? [{ name: 'attention_mask', type: 'int64', dims: ['n', 's'] }] : []),
    ],
    outputs: [{ name: 'last_hidden_state', type: 'float32', dims: ['n', 's', SIZE] }],
    provider: () => 'cpu',
    ladder: () => [],
    atOnce: () => 2,
    async run(feeds, options: RunOptions = {}): Promise<Record<string, Tensor>> {
      const { dims, data } = feeds.input_ids as Feed;
      const [count = 0, length = 0] = dims;
      if (count * length > most) throw new PilotlightError('RUNNER_OUT_OF_MEMORY');
      batches.push(dims);
      expect(options.divisible).toBe(count > 1);
      const tokens = Float32Array.from([...data].flatMap((id) => [Number(id), 1]));
      if (options.reduce === undefined)
        return { last_hidden_state: { type: 'float32', dims: [count, length, SIZE], data: tokens } };
      expect(options.reduce).toMatchObject({ kind: 'vectors', normalise: false });
      const first = Array.from({ length: count }, (_, row) => [tokens[row * length * SIZE] ?? 0, 1]).flat();
      return { last_hidden_state: { type: 'float32', dims: [count, SIZE], data: Float32Array.from(first) } };
    },
    async close() {},
  };
  const tokenizer = { padId: 0 } as Parameters<typeof createOwnRuns>[0]['tokenizer'];
  const runs = createOwnRuns(
    {
      graph,
      tokenizer,
      shape: { rows, length: null, hasMask },
      output: { output: 'last_hidden_state', pooling: 'cls', normalise: true },
    },
    () => ({ budget: () => budget, tooMany: (tokens) => void learned.push(tokens) }),
  );
  return { runs, batches, learned, options: { urgent: false, signal: new AbortController().signal } };
}

const texts = [[5], [6, 7, 8, 9], [10, 11], [12, 13, 14]];
const vectors = texts.map((ids) => ids.map((id) => Float32Array.of(id, 1)));

describe('runs of one request', () => {
  it('put texts of nearly one length together, within the budget, and answer in order', async () => {
    const { runs, batches, options } = setUp({ budget: 8 });
    expect(await runs.ofTokens(texts, options)).toEqual(vectors);
    expect(batches).toEqual([
      [2, 4],
      [2, 2],
    ]);
  });

  it('never pad where padding would count, and run one by one where the graph takes one', async () => {
    const unmasked = setUp({ hasMask: false });
    expect(await unmasked.runs.ofTokens([...texts, [15]], unmasked.options)).toEqual([
      ...vectors,
      [Float32Array.of(15, 1)],
    ]);
    expect(unmasked.batches.at(-1)).toEqual([2, 1]);
    const single = setUp({ rows: 1 });
    expect(await single.runs.raw(texts, single.options)).toHaveLength(4);
    expect(single.batches).toHaveLength(4);
  });

  it('halve what the device cannot hold, and remember it', async () => {
    const { runs, batches, learned, options } = setUp({ most: 8 });
    expect(await runs.raw(texts, options)).toEqual(texts.map(([id]) => Float32Array.of(id ?? 0, 1)));
    expect(learned).toEqual([16]);
    expect(batches).toHaveLength(2);
    const tooSmall = setUp({ most: 3 });
    await expect(tooSmall.runs.raw(texts, tooSmall.options)).rejects.toMatchObject({
      code: 'RUNNER_OUT_OF_MEMORY',
    });
  });

  it('refuse more tokens than an answer can hold before anything runs', async () => {
    const { runs, batches, options } = setUp();
    await expect(runs.ofTokens([Array(16_385).fill(5)], options)).rejects.toMatchObject({
      code: 'RUNNER_BODY_TOO_LARGE',
    });
    expect(batches).toEqual([]);
  });
});
