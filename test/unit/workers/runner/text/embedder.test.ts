import { describe, expect, it } from 'vitest';
import { createBudgetTuner } from '../../../../../electron/workers/runner/text/autotune.ts';
import { createTextEmbedder } from '../../../../../electron/workers/runner/text/embedder.ts';
import type { LoadedText } from '../../../../../electron/workers/runner/text/load.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';
import { createFakeGraph, floatTensor, value } from '../../../../fakes/runner-graphs.ts';

const BAD = 13;
const NAN = 14;

/** Its vector of a text is (first token, number of tokens). */
function embedder({ refuse = null as string | null, budget = 1000, mostWaiting = 1000 } = {}) {
  const open: (() => void)[] = [];
  let held = false;
  const graph = createFakeGraph({
    inputs: [value('input_ids', ['n', 's'], 'int64'), value('attention_mask', ['n', 's'], 'int64')],
    async answer(ids, feeds) {
      if (held) await new Promise<void>((resolve) => open.push(resolve));
      const [rows = 0, length = 0] = ids.dims;
      const firsts = Array.from({ length: rows }, (_, row) => Number(ids.data[row * length]));
      if (refuse !== null && firsts.includes(BAD)) throw new PilotlightError(refuse as never);
      const counts = firsts.map(
        (_, row) =>
          [...(feeds.attention_mask?.data ?? [])]
            .slice(row * length, (row + 1) * length)
            .filter((one) => one === 1n).length,
      );
      return {
        y: floatTensor(
          [rows, 2],
          firsts.flatMap((id, row) => [id === NAN ? Number.NaN : id, counts[row] ?? 0]),
        ),
      };
    },
  });
  const loaded = {
    graph,
    tokenizer: { padId: 0 },
    shape: { rows: null, length: null, hasMask: true },
    output: { output: 'y', pooling: 'none', normalise: false },
  } as unknown as LoadedText;
  const tuner = createBudgetTuner({ start: budget, least: 1, most: 4096 });
  const made = createTextEmbedder(loaded, { tuner: () => tuner, mostWaiting });
  return {
    embed: made.embed,
    waiting: () => made.waiting,
    graph,
    tuner,
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      for (const go of open.splice(0)) go();
    },
  };
}
const bulk = { urgent: false };

describe('the texts of a model', () => {
  it('get their vectors in order, whatever their lengths', async () => {
    const { embed } = embedder({ budget: 6 });
    const vectors = await embed([[5], [6, 1, 1], [7, 1], [8]], bulk);
    expect(vectors.map((vector) => [...vector])).toEqual([
      [5, 1],
      [6, 3],
      [7, 2],
      [8, 1],
    ]);
  });

  it('share a batch with those of another request, once one is running', async () => {
    const { embed, graph, hold, release } = embedder();
    hold();
    const first = embed([[1]], bulk);
    await new Promise(setImmediate);
    const others = [embed([[2]], bulk), embed([[3]], bulk), embed([[4]], bulk)];
    release();
    await Promise.all([first, ...others]);
    expect(graph.runs).toEqual([
      [1, 1],
      [3, 1],
    ]);
  });

  it('wait for a query that came later', async () => {
    const { embed, hold, release } = embedder({ budget: 1 });
    const order: string[] = [];
    hold();
    const running = embed([[1]], bulk);
    await new Promise(setImmediate);
    const later = [
      embed([[2]], bulk).then(() => order.push('bulk')),
      embed([[3]], { urgent: true }).then(() => order.push('query')),
    ];
    release();
    await Promise.all([running, ...later]);
    expect(order).toEqual(['query', 'bulk']);
  });

  it.each(['RUNNER_INPUT_REFUSED', 'RUNNER_OUT_OF_MEMORY', 'RUNNER_BAD_GRAPH'])(
    'fail alone with %s: those of other requests in the batch do not',
    async (refuse) => {
      const { embed } = embedder({ refuse });
      const results = await Promise.allSettled([1, 2, BAD, 4, 5].map((id) => embed([[id]], bulk)));
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(results[2]).toMatchObject({ reason: { code: refuse } });
    },
  );

  it('make smaller batches after the device had too little memory', async () => {
    const { embed, tuner } = embedder({ refuse: 'RUNNER_OUT_OF_MEMORY', budget: 64 });
    await Promise.allSettled([embed([[BAD, 1, 1, 1]], bulk), embed([[2, 1, 1, 1]], bulk)]);
    expect(tuner.budget()).toBeLessThanOrEqual(4);
  });

  it('fail with a code if their vector is not finite', async () => {
    const { embed } = embedder();
    const [good, bad] = await Promise.allSettled([embed([[1]], bulk), embed([[NAN]], bulk)]);
    expect(good?.status).toBe('fulfilled');
    expect(bad).toMatchObject({ reason: { code: 'RUNNER_NAN' } });
  });

  it('are taken out of the queue when their client goes', async () => {
    const { embed, graph, waiting, hold, release } = embedder();
    const gone = new AbortController();
    hold();
    const running = embed([[1]], bulk);
    await new Promise(setImmediate);
    const left = embed([[2], [3]], { urgent: false, signal: gone.signal });
    expect(waiting().bulk).toBe(2);
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(waiting().bulk).toBe(0);
    release();
    await running;
    expect(graph.runs).toEqual([[1, 1]]);
  });

  it('are refused when too many wait', async () => {
    const { embed } = embedder({ mostWaiting: 2 });
    await expect(embed([[1], [2], [3]], bulk)).rejects.toMatchObject({ code: 'RUNNER_QUEUE_FULL' });
  });
});
