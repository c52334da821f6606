import { describe, expect, it } from 'vitest';
import {
  addDuration,
  addHistogram,
  newHistogram,
  quantile,
} from '../../../../electron/core/gateway/histogram.ts';
import { createStatistics } from '../../../../electron/core/gateway/statistics.ts';
import { aFinishedRequest } from '../../../fakes/gateway.ts';

describe('a quantile', () => {
  it('is null without durations', () => {
    expect(quantile(newHistogram(), 0.5)).toBeNull();
  });

  it.each([1, 3, 40, 777, 12_345, 600_000])('of %d ms is a tenth off at most', (ms) => {
    const histogram = newHistogram();
    addDuration(histogram, ms);
    expect(Math.abs((quantile(histogram, 0.5) ?? 0) - ms) / ms).toBeLessThanOrEqual(0.1);
  });

  it('puts what is absurd into the first and the last bucket', () => {
    const histogram = newHistogram();
    for (const ms of [-5, 0, 1e12]) addDuration(histogram, ms);
    expect(quantile(histogram, 0.5)).toBe(1);
    expect(quantile(histogram, 1)).toBeGreaterThan(3_600_000);
  });

  it('separates the slow ones', () => {
    const [fast, slow] = [newHistogram(), newHistogram()];
    for (let count = 0; count < 98; count += 1) addDuration(fast, 10);
    for (let count = 0; count < 2; count += 1) addDuration(slow, 5000);
    addHistogram(fast, slow);
    expect(quantile(fast, 0.5)).toBeLessThan(12);
    expect(quantile(fast, 0.98)).toBeLessThan(12);
    expect(quantile(fast, 0.99)).toBeGreaterThan(4000);
  });
});

describe('statistics', () => {
  const start = () => {
    const statistics = createStatistics({ since: 5 });
    const read = (traffic: Parameters<typeof statistics.read>[0]['traffic'] = []) =>
      statistics.read({ traffic, slotsOf: () => null, nameOf: (id) => (id === 'node_1' ? 'tower' : null) });
    return { ...statistics, read };
  };

  it('are empty at first', () => {
    expect(start().read()).toMatchObject({
      since: 5,
      inFlight: 0,
      total: { requests: 0, firstByteMs: null },
      nodes: [],
      models: [],
      dialects: [],
      series: [],
    });
  });

  it('count each request by node, model and dialect, under the canonical name', () => {
    const { add, read } = start();
    add(
      [
        aFinishedRequest({ model: 'Llama3.2:3B', retries: 2 }),
        aFinishedRequest({ model: 'llama3.2:3b', outcome: 'failed', firstByteMs: null, outputTokens: null }),
        aFinishedRequest({ nodeId: 'node_2', model: 'm', dialect: 'openai', fallback: 'm2' }),
      ],
      0,
    );
    const stats = read();
    expect(stats.total).toMatchObject({
      requests: 3,
      completed: 2,
      failed: 1,
      retried: 2,
      fallbacks: 1,
      inputTokens: 21,
      outputTokens: 40,
    });
    expect(stats.models.map(({ model, requests }) => [model, requests])).toEqual([
      ['llama3.2:3b', 2],
      ['m:latest', 1],
    ]);
    expect(stats.nodes.map(({ name, requests, breaker }) => [name, requests, breaker])).toEqual([
      ['tower', 2, 'closed'],
      ['node_2', 1, 'closed'],
    ]);
    expect(stats.dialects.map(({ dialect, requests }) => [dialect, requests])).toEqual([
      ['ollama', 2],
      ['openai', 1],
    ]);
    expect(stats.series).toHaveLength(2);
  });

  it('keep names that no node was asked for out of the models, and their time out of the first byte', () => {
    const { add, read } = start();
    add([aFinishedRequest({ nodeId: null, model: 'made up', outcome: 'refused', firstByteMs: 1 })], 0);
    expect(read()).toMatchObject({ models: [], nodes: [], total: { refused: 1, firstByteMs: null } });
    expect(read().series[0]).toMatchObject({ nodeId: null, refused: 1 });
  });

  it('show a node with traffic only, its breaker, and what was not reported', () => {
    const { add, read } = start();
    add([], 7);
    const stats = read([{ nodeId: 'node_1', breaker: 'open', inFlight: { a: 2, '': 1 } }]);
    expect(stats).toMatchObject({ dropped: 7, inFlight: 3 });
    expect(stats.nodes).toMatchObject([{ name: 'tower', breaker: 'open', inFlight: 3, requests: 0 }]);
  });

  it('stay small, however many names clients invent', () => {
    const { add, read } = start();
    for (let count = 0; count < 2100; count += 1) add([aFinishedRequest({ model: `m${count}` })], 0);
    const { models, total } = read();
    expect(models).toHaveLength(2001);
    expect(models.at(-1)).toMatchObject({ model: '(others)', requests: 100 });
    expect(total.requests).toBe(2100);
  });
});
