import { describe, expect, test } from 'vitest';
import { isSlowBatch, nextBatchSize } from '../../../../electron/core/indexing/batch-size.ts';
import { createQueryTurns } from '../../../../electron/core/indexing/query-turns.ts';

describe('the size of the next batch', () => {
  test.each([
    ['a quick node', { texts: 64, tookMs: 500 }, 64],
    ['a node that takes just two seconds', { texts: 64, tookMs: 2000 }, 64],
    ['a slow node', { texts: 64, tookMs: 32_000 }, 4],
    ['a node that needs seconds for one text', { texts: 1, tookMs: 30_000 }, 1],
    ['a node that has become quicker', { texts: 4, tookMs: 100 }, 8],
    ['an answer at once', { texts: 8, tookMs: 0 }, 16],
    ['the half of a batch', { texts: 3, tookMs: 1000 }, 6],
  ])('for %s', (_, last, size) => {
    expect(nextBatchSize(last, 64)).toBe(size);
  });

  test.each([
    [1000, false],
    [1001, true],
  ])('%i ms for a batch are slow: %s', (tookMs, slow) => {
    expect(isSlowBatch(tookMs)).toBe(slow);
  });
});

describe('the turn of a query', () => {
  test('lets a batch wait for every query to its node, and for no other', async () => {
    const turns = createQueryTurns();
    const { signal } = new AbortController();
    await turns.clear('nas', signal);
    const one = turns.begin('nas');
    const two = turns.begin('nas');
    await turns.clear('tower', signal);
    const order: string[] = [];
    const batch = turns.clear('nas', signal).then(() => order.push('batch'));
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    await Promise.resolve();
    order.push('second query');
    two[Symbol.dispose]();
    await batch;
    expect(order).toEqual(['second query', 'batch']);
  });

  test('ends with its signal', async () => {
    const turns = createQueryTurns();
    using _query = turns.begin('nas');
    const stop = new AbortController();
    const batch = turns.clear('nas', stop.signal);
    stop.abort(new Error('stopped'));
    await expect(batch).rejects.toThrow('stopped');
  });
});
