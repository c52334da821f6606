import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf } from '../../../../../electron/workers/runner/inference/profile.ts';
import { reduce } from '../../../../../electron/workers/runner/inference/reduce.ts';
import { createBudgetTuner } from '../../../../../electron/workers/runner/text/autotune.ts';
import {
  batchShapeOf,
  checkInputs,
  chooseOutput,
  feedsOf,
} from '../../../../../electron/workers/runner/text/feeds.ts';
import { createWaitingTexts, paddedTokens } from '../../../../../electron/workers/runner/text/plan.ts';
import { floatTensor, value } from '../../../../fakes/runner-graphs.ts';

const text = (length: number, order: number) => ({ tokens: Array<number>(length).fill(1), order });

describe('texts that wait', () => {
  it('run beside texts of nearly their length, the oldest first', () => {
    const waiting = createWaitingTexts<ReturnType<typeof text>>();
    for (const [order, length] of [10, 3, 9, 10, 4].entries()) waiting.add(text(length, order));
    const lengths = (batch: readonly { tokens: readonly number[] }[]) =>
      batch.map(({ tokens }) => tokens.length);
    expect(lengths(waiting.take(100, 0.85))).toEqual([10, 10, 9]);
    expect(lengths(waiting.take(100, 0.7))).toEqual([3]);
    expect(lengths(waiting.take(100, 0.7))).toEqual([4]);
    expect(waiting.take(100, 0.7)).toEqual([]);
  });

  it('are never lost, repeated, starved or above the budget', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 4000 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (lengths, budget, shortest) => {
          const waiting = createWaitingTexts<ReturnType<typeof text>>();
          const all = lengths.map(text);
          for (const one of all) waiting.add(one);
          const seen: number[] = [];
          while (waiting.size > 0) {
            const oldest = Math.min(
              ...all.map(({ order }) => order).filter((order) => !seen.includes(order)),
            );
            const batch = waiting.take(budget, shortest);
            expect(batch[0]?.order).toBe(oldest);
            expect(batch.length === 1 || paddedTokens(batch) <= budget).toBe(true);
            seen.push(...batch.map(({ order }) => order));
          }
          expect(seen.sort((a, b) => a - b)).toEqual(all.map(({ order }) => order));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the budget of a batch', () => {
  /** A device that is fastest at `best` padded tokens. */
  function train(best: number, batches: number) {
    const tuner = createBudgetTuner({ start: 512, least: 128, most: 16_384 });
    for (let batch = 0; batch < batches; batch += 1) {
      const tokens = tuner.budget();
      tuner.learn(tokens, tokens * (1 + Math.abs(Math.log2(tokens / best))));
    }
    return tuner.best();
  }

  it.each([128, 512, 2048, 16_384])('climbs or falls to what is fastest: %i', (best) => {
    expect(train(best, 600)).toBe(best);
  });

  it('learns nothing from batches that were not full', () => {
    const tuner = createBudgetTuner({ start: 512, least: 128, most: 16_384 });
    for (let batch = 0; batch < 200; batch += 1) tuner.learn(10, 1);
    expect(tuner.budget()).toBe(512);
  });

  it('spends little on a neighbour that is far slower', () => {
    const tuner = createBudgetTuner({ start: 8192, least: 1024, most: 131_072 });
    let elsewhere = 0;
    for (let batch = 0; batch < 2000; batch += 1) {
      const tokens = tuner.budget();
      if (tokens !== 8192) elsewhere += 1;
      tuner.learn(tokens, tokens * (tokens === 8192 ? 1 : 4));
    }
    expect(tuner.best()).toBe(8192);
    expect(elsewhere).toBeGreaterThan(4);
    expect(elsewhere).toBeLessThan(40);
  });

  it('is not taken in by texts that get shorter from batch to batch, or by a machine that slows down', () => {
    const tuner = createBudgetTuner({ start: 512, least: 128, most: 4096 });
    for (let batch = 0; batch < 3000; batch += 1) {
      const tokens = tuner.budget();
      // A request of 30 batches, the longest texts first; every budget is as fast as the other.
      tuner.learn(tokens, tokens * (2 - (batch % 30) / 30));
    }
    expect(tuner.best()).toBe(512);
  });

  it('is kept where the texts fill no other one, and a better one is still found later', () => {
    const tuner = createBudgetTuner({ start: 512, least: 512, most: 4096 });
    for (let batch = 0; batch < 500; batch += 1) tuner.learn(Math.min(tuner.budget(), 512), 1);
    expect(tuner.best()).toBe(512);
    for (let batch = 0; batch < 3000; batch += 1) {
      const tokens = tuner.budget();
      tuner.learn(tokens, tokens > 512 ? tokens / 2 : tokens);
    }
    expect(tuner.best()).toBeGreaterThan(512);
  });

  it('never returns to what the device had no memory for', () => {
    const tuner = createBudgetTuner({ start: 4096, least: 128, most: 16_384 });
    tuner.tooMany(4096);
    for (let batch = 0; batch < 200; batch += 1) {
      expect(tuner.budget()).toBeLessThanOrEqual(2048);
      tuner.learn(tuner.budget(), 1);
    }
  });
});

describe('the inputs of a text graph', () => {
  const ids = value('input_ids', ['n', 's'], 'int64');

  it('are those that it wants, padded to the longest text', () => {
    const feeds = feedsOf(
      [[5, 6, 7], [8]],
      [
        ids,
        value('attention_mask', ['n', 's'], 'int64'),
        value('token_type_ids', ['n', 's'], 'int64'),
        value('position_ids', ['n', 's'], 'int32'),
      ],
      { padId: 9, length: null },
    );
    expect(Object.keys(feeds)).toEqual(['input_ids', 'attention_mask', 'token_type_ids', 'position_ids']);
    expect(feeds.input_ids).toEqual({
      type: 'int64',
      dims: [2, 3],
      data: BigInt64Array.of(5n, 6n, 7n, 8n, 9n, 9n),
    });
    expect(feeds.attention_mask?.data).toEqual(BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n));
    expect(feeds.token_type_ids?.data).toEqual(BigInt64Array.of(0n, 0n, 0n, 0n, 0n, 0n));
    expect(feeds.position_ids?.data).toEqual(Int32Array.of(0, 1, 2, 0, 0, 0));
  });

  it.each([
    [[value('pixel_values', ['n', 3, 224, 224])]],
    [[ids, value('bbox', ['n', 's', 4], 'int64')]],
    [[value('input_ids', ['n', 's'], 'float32')]],
    [[]],
  ])('are refused if it wants others: %o', (inputs) => {
    expect(() => checkInputs(inputs)).toThrow(expect.objectContaining({ code: 'RUNNER_BAD_MODEL' }));
  });

  it('may be of fixed size', () => {
    expect(batchShapeOf([value('input_ids', [1, 128], 'int64')])).toEqual({
      rows: 1,
      length: 128,
      hasMask: false,
    });
    expect(feedsOf([[5]], [ids], { padId: 0, length: 4 }).input_ids?.dims).toEqual([1, 4]);
  });

  it.each([
    [
      'a vector of the text before those of its tokens',
      [value('token_embeddings', ['n', 's', 8]), value('sentence_embedding', ['n', 8])],
      { output: 'sentence_embedding', pooling: 'none' },
    ],
    [
      'tokens before a pooler',
      [value('last_hidden_state', ['n', 's', 8]), value('pooler_output', ['n', 8])],
      { output: 'last_hidden_state', pooling: 'cls' },
    ],
    ['any name', [value('out', ['n', 's', 8])], { output: 'out', pooling: 'cls' }],
  ])('and its outputs are chosen: %s', (_name, outputs, expected) => {
    expect(chooseOutput(outputs, 'cls')).toEqual(expected);
  });

  it('has to have an output of numbers', () => {
    expect(() => chooseOutput([value('logits', ['n'], 'int64')], null)).toThrow(
      expect.objectContaining({ code: 'RUNNER_BAD_MODEL' }),
    );
  });
});

describe('one vector per text', () => {
  const tokens = floatTensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 70, 80]);
  const of = (pooling: 'mean' | 'cls' | 'last', lengths = [2, 1]) =>
    reduce(tokens, { output: 'y', pooling, normalise: false, lengths }).data;

  it('is made of its own tokens, not of padding', () => {
    expect(of('mean')).toEqual(Float32Array.of(2, 3, 5, 6));
    expect(of('cls')).toEqual(Float32Array.of(1, 2, 5, 6));
    expect(of('last')).toEqual(Float32Array.of(3, 4, 5, 6));
  });

  it('has length 1 when normalised, except zeros', () => {
    const answer = floatTensor([2, 2], [3, 4, 0, 0]);
    const { data } = reduce(answer, { output: 'y', pooling: 'none', normalise: true, lengths: [1, 1] });
    expect([...data]).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6), 0, 0]);
  });

  it('is read from half-precision numbers too', () => {
    const half = {
      type: 'float16' as const,
      dims: [1, 4],
      data: Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00),
    };
    const { data } = reduce(half, { output: 'y', pooling: 'none', normalise: false, lengths: [1] });
    expect([...data]).toEqual([1, -2, expect.closeTo(5.96e-8, 10), Number.POSITIVE_INFINITY]);
  });

  it.each([
    [[1, 4], 'none', 2],
    [[2, 1, 2], 'mean', 2],
    [[4], 'none', 1],
  ] as const)('is never taken from an answer of another shape: %o', (dims, pooling, rows) => {
    const lengths = Array<number>(rows).fill(2);
    const answer = floatTensor(dims, [1, 2, 3, 4]);
    expect(() => reduce(answer, { output: 'y', pooling, normalise: false, lengths })).toThrow(
      expect.objectContaining({ code: 'RUNNER_BAD_GRAPH' }),
    );
  });
});

describe('the profile of a session', () => {
  const node = (provider: string) => ({ cat: 'Node', args: { provider } });

  it('says which part of the nodes a provider ran', () => {
    const profile = JSON.stringify([
      { cat: 'Session', args: {} },
      node('WebGpuExecutionProvider'),
      node('CPUExecutionProvider'),
      node(''),
    ]);
    expect(shareOf(profile, 'webgpu')).toBe(0.5);
    expect(shareOf(profile, 'dml')).toBe(0);
  });

  it('says nothing if it is damaged or names no provider', () => {
    expect(shareOf('[{', 'cpu')).toBeNull();
    expect(shareOf('[]', 'cpu')).toBeNull();
    expect(shareOf('[null, 3, {"cat": "Node"}]', 'cpu')).toBeNull();
  });
});
