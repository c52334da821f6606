import { describe, expect, it } from 'vitest';
import {
  createLoadTimes,
  LEAST_LIMIT_MS,
  LOAD_STALL_MS,
  learnFromMoves,
  loadLimitMs,
} from '../../../../electron/core/placement/load-times.ts';
import { createLoadWatch } from '../../../../electron/core/placement/loads.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { aMoveOf } from './support.ts';

const LIMIT_MS = 100_000;

function createWorld() {
  const clock = createFakeClock();
  const changes: unknown[] = [];
  const learned: unknown[] = [];
  const loaded = new Set<string>();
  const limits = new Map<string, number>();
  const loads = createLoadWatch({
    clock,
    log: silentLog,
    isLoaded: (_nodeId, model) => loaded.has(model),
    limitMs: (_nodeId, model) => limits.get(model) ?? LIMIT_MS,
    onLoaded: (...load) => learned.push(load),
  });
  loads.onChange((nodeId, stuck) => changes.push([nodeId, stuck?.model ?? null]));
  return { clock, changes, learned, loaded, limits, loads };
}

describe('the age of a load of Pilotlight', () => {
  it('shows that it is stuck, once, and blocks the node for half an hour', async () => {
    const { clock, loads, changes } = createWorld();
    const load = Promise.withResolvers<void>();
    const running = loads.run('n', 'a', () => load.promise);
    await clock.advance(LIMIT_MS - 1);
    expect(loads.blocked('n')).toBeNull();
    await clock.advance(60_001);
    expect(changes).toEqual([['n', 'a']]);
    expect(loads.blocked('n')).toEqual(fact('LOAD_STUCK', { model: 'a', ms: LIMIT_MS + 60_000 }));
    expect(loads.blocked('m')).toBeNull();
    load.reject(new Error('gave up'));
    await expect(running).rejects.toThrow('gave up');
    expect(loads.blocked('n')).not.toBeNull();
    await clock.advance(31 * 60_000);
    expect(loads.blocked('n')).toBeNull();
    expect(changes.at(-1)).toEqual(['n', null]);
  });

  it('no longer matters once the load succeeds, which is learned, or the server starts again', async () => {
    const { clock, loads, learned, changes } = createWorld();
    const load = Promise.withResolvers<void>();
    const running = loads.run('n', 'a', () => load.promise);
    await clock.advance(LIMIT_MS);
    expect(loads.blocked('n')).not.toBeNull();
    load.resolve();
    await running;
    expect(loads.blocked('n')).toBeNull();
    expect(learned).toEqual([['n', 'a', LIMIT_MS]]);
    void loads.run('n', 'a', () => new Promise(() => {}));
    await clock.advance(LIMIT_MS);
    loads.clear('n');
    expect(loads.blocked('n')).toBeNull();
    expect(changes.at(-1)).toEqual(['n', null]);
  });

  it('is nothing for a quick load', async () => {
    const { clock, loads, changes } = createWorld();
    await loads.run('n', 'a', async () => {});
    await clock.advance(10 * LIMIT_MS);
    expect(changes).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});

describe('the age of a request without a first byte', () => {
  it('shows a stuck load if its model is not loaded', async () => {
    const { clock, loads, changes } = createWorld();
    loads.silent('n', { 'A:latest': clock.now() - 5000 });
    await clock.advance(LIMIT_MS - 5001);
    expect(changes).toEqual([]);
    await clock.advance(1);
    expect(changes).toEqual([['n', 'a:latest']]);
    expect(loads.stuck('n')).toMatchObject({ isRequest: true });
  });

  it('shows nothing while its model is loaded, however long its answer takes', async () => {
    const { clock, loads, loaded, changes } = createWorld();
    loaded.add('a:latest');
    loads.silent('n', { a: clock.now() });
    await clock.advance(100 * LIMIT_MS);
    loads.changed('n');
    expect(changes).toEqual([]);
  });

  it('shows nothing when it is answered, and another one is counted from its own beginning', async () => {
    const { clock, loads, changes } = createWorld();
    loads.silent('n', { a: clock.now() });
    await clock.advance(LIMIT_MS - 1);
    loads.silent('n', {});
    await clock.advance(LIMIT_MS);
    loads.silent('n', { a: clock.now() });
    await clock.advance(LIMIT_MS - 1);
    expect(changes).toEqual([]);
    await clock.advance(1);
    expect(changes).toEqual([['n', 'a:latest']]);
  });

  it.each([
    ['back', -86_400_000],
    ['ahead', 86_400_000],
  ])('is not made old by a clock that is set %s', async (_where, jump) => {
    const { clock, loads, changes } = createWorld();
    loads.silent('n', { a: clock.now() + jump });
    await clock.advance(LIMIT_MS - 15_001);
    expect(changes).toEqual([]);
    await clock.advance(15_001);
    expect(changes).toEqual([['n', 'a:latest']]);
  });

  it('is the oldest of several that counts, each with its own limit', async () => {
    const { clock, loads, limits, changes } = createWorld();
    limits.set('slow:latest', 10 * LIMIT_MS);
    loads.silent('n', { slow: clock.now() });
    await clock.advance(LIMIT_MS);
    loads.silent('n', { slow: clock.now() - LIMIT_MS, quick: clock.now() });
    await clock.advance(LIMIT_MS);
    expect(changes).toEqual([['n', 'quick:latest']]);
  });

  it('begins again when the server works again', async () => {
    const { clock, loads, changes } = createWorld();
    loads.silent('n', { a: clock.now() });
    await clock.advance(LIMIT_MS);
    loads.clear('n');
    await clock.advance(LIMIT_MS - 1);
    expect(changes).toEqual([
      ['n', 'a:latest'],
      ['n', null],
    ]);
    await clock.advance(1);
    expect(changes.at(-1)).toEqual(['n', 'a:latest']);
  });

  it('leaves nothing behind when the node is removed', async () => {
    const { clock, loads, changes } = createWorld();
    loads.silent('n', { a: clock.now() });
    loads.forget('n');
    await clock.advance(2 * LIMIT_MS);
    expect(changes).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});

describe('the limit', () => {
  const time = (longestMs: number) => ({ usualMs: longestMs, longestMs, loads: 1 });

  it.each([
    ['nothing is known', null, null, false, LOAD_STALL_MS],
    ['it loads quickly', time(2000), 1e9, false, LEAST_LIMIT_MS],
    ['it takes a while', time(40_000), 1e9, false, 160_000],
    ['it took longer than a server waits', time(600_000), 1e9, false, LOAD_STALL_MS],
    ['it is too large to be read in time', time(1000), 40e9, false, 800_000],
    ['another model answers all the time', time(1000), 1e9, true, 900_000],
  ])('when %s', (_what, known, sizeBytes, isBusy, limit) => {
    expect(loadLimitMs({ time: known, sizeBytes, isBusy })).toBe(limit);
  });
});

describe('what is learned of loads', () => {
  it('is the median and the longest of the last five, by node and model', () => {
    const times = createLoadTimes();
    for (const ms of [900, 1, 5, 3, 4, 2]) times.learn('n', 'A', ms);
    expect(times.of('n', 'a:latest')).toEqual({ usualMs: 3, longestMs: 5, loads: 5 });
    expect(times.of('m', 'a')).toBeNull();
    times.forget('n');
    expect(times.of('n', 'a')).toBeNull();
  });

  it('begins with the moves of the past that succeeded', () => {
    const times = createLoadTimes();
    const move = aMoveOf({ nodeId: 'n', model: 'a', durationMs: 7000 });
    learnFromMoves(times, [
      { ...move, outcome: 'failed', durationMs: 1 },
      { ...move, outcome: 'moved' },
    ]);
    expect(times.of('n', 'a')).toEqual({ usualMs: 7000, longestMs: 7000, loads: 1 });
  });
});
