import { describe, expect, it } from 'vitest';
import {
  type Breaker,
  backoffMs,
  breakerAfterFailure,
  breakerOpened,
  breakerState,
  closedBreaker,
  createHealthTracker,
  healthyNode,
} from '../../../../electron/core/acquire/node-health.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

describe('the back-off', () => {
  it.each([
    [0, 5000],
    [1, 10_000],
    [2, 20_000],
    [3, 40_000],
    [4, 60_000],
    [5, 60_000],
    [5000, 60_000],
  ])('after %i earlier times is %i ms', (earlier, expected) => {
    expect(backoffMs({ firstMs: 5000, longestMs: 60_000 }, earlier)).toBe(expected);
  });
});

describe('a breaker', () => {
  const open: Breaker = { failures: 0, openings: 1, openUntil: 1000 };

  it('is open until its time has passed, then half-open', () => {
    expect(breakerState(closedBreaker, 0)).toBe('closed');
    expect(breakerState(open, 999)).toBe('open');
    expect(breakerState(open, 1000)).toBe('half-open');
  });

  it.each([
    ['unavailable', 1],
    ['connection', 3],
    ['server', 6],
  ] as const)('opens for %s after %i in a row', (kind, limit) => {
    let breaker = closedBreaker;
    for (let count = 1; count < limit; count += 1) {
      breaker = breakerAfterFailure(breaker, kind, 100);
      expect(breaker).toEqual({ failures: count, openings: 0, openUntil: null });
    }
    expect(breakerAfterFailure(breaker, kind, 100)).toEqual({ failures: 0, openings: 1, openUntil: 5100 });
  });

  it('counts failures of several kinds together', () => {
    const twice = { ...closedBreaker, failures: 2 };
    expect(breakerAfterFailure(twice, 'server', 0).openUntil).toBeNull();
    expect(breakerAfterFailure(twice, 'connection', 0).openUntil).toBe(5000);
  });

  it.each(['input', 'busy'] as const)('never opens for %s', (kind) => {
    for (const breaker of [closedBreaker, { ...closedBreaker, failures: 5 }, open]) {
      expect(breakerAfterFailure(breaker, kind, 5000)).toBe(breaker);
    }
  });

  it('opens again at the first failure of its trial, for twice as long', () => {
    expect(breakerAfterFailure(open, 'server', 1000)).toEqual({
      failures: 0,
      openings: 2,
      openUntil: 11_000,
    });
    expect(breakerAfterFailure(open, 'connection', 1000).openUntil).toBe(11_000);
  });

  it('takes what fails while it is open for the same outage', () => {
    expect(breakerAfterFailure(open, 'unavailable', 999)).toBe(open);
  });

  it('waits a minute at most', () => {
    let breaker = closedBreaker;
    const waits: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      breaker = breakerOpened(breaker, 0);
      waits.push(breaker.openUntil ?? 0);
    }
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });
});

describe('the health of nodes', () => {
  const world = () => {
    const clock = createFakeClock();
    return { clock, health: createHealthTracker({ clock }) };
  };
  const fail = (health: ReturnType<typeof createHealthTracker>, count: number) => {
    for (let index = 0; index < count; index += 1) health.failed('n', 'connection');
  };

  it('is good until something speaks against it', () => {
    const { health } = world();
    expect(health.view().size).toBe(0);
    expect(health.breaker('n')).toBe('closed');
    expect(health.nextRetryMs()).toBeNull();
    expect(health.failed('n', 'connection').failures).toBe(1);
    expect(health.view().get('n')).toEqual(healthyNode);
  });

  it('a node that fails is excluded, then on trial, then as good as new', async () => {
    const { clock, health } = world();
    fail(health, 3);
    expect(health.view().get('n')).toEqual({ ...healthyNode, excluded: true, dropped: true });
    expect(health.view().get('m')).toBeUndefined();
    expect(health.nextRetryMs()).toBe(5000);
    await clock.advance(4999);
    expect(health.breaker('n')).toBe('open');
    await clock.advance(1);
    expect(health.breaker('n')).toBe('half-open');
    expect(health.view().get('n')?.excluded).toBe(false);
    expect(health.nextRetryMs()).toBeNull();
    health.succeeded('n');
    expect(health.breaker('n')).toBe('closed');
    fail(health, 3);
    expect(health.nextRetryMs()).toBe(5000);
  });

  it('failures count in a row: a success between them starts again', () => {
    const { health } = world();
    fail(health, 2);
    health.succeeded('n');
    fail(health, 2);
    expect(health.breaker('n')).toBe('closed');
    fail(health, 1);
    expect(health.breaker('n')).toBe('open');
  });

  it('an answer to a request from before does not close an open breaker', () => {
    const { health } = world();
    fail(health, 3);
    health.succeeded('n');
    expect(health.breaker('n')).toBe('open');
  });

  it('a node that drops out twice in one outage waits once', async () => {
    const { clock, health } = world();
    health.dropped('n');
    health.dropped('n');
    expect(health.nextRetryMs()).toBe(5000);
    await clock.advance(5000);
    health.dropped('n');
    expect(health.nextRetryMs()).toBe(10_000);
  });

  it('lets one request at a time through while it is half-open', async () => {
    const { clock, health } = world();
    let ends = 0;
    const stop = health.onTrialEnd(() => {
      ends += 1;
    });
    const free = health.admit('n');
    expect(free).not.toBeNull();
    free?.[Symbol.dispose]();
    expect(ends).toBe(0);
    health.dropped('n');
    expect(health.admit('n')).toBeNull();
    await clock.advance(5000);
    const trial = health.admit('n');
    expect(trial).not.toBeNull();
    expect(health.admit('n')).toBeNull();
    trial?.[Symbol.dispose]();
    trial?.[Symbol.dispose]();
    expect(ends).toBe(1);
    const next = health.admit('n');
    expect(next).not.toBeNull();
    trial?.[Symbol.dispose]();
    expect(health.admit('n')).toBeNull();
    stop();
    next?.[Symbol.dispose]();
    expect(ends).toBe(1);
    health.succeeded('n');
    expect([health.admit('n'), health.admit('n')]).not.toContain(null);
  });

  it('a GPU that refused the model is tried after a minute, then two, up to ten', async () => {
    const { clock, health } = world();
    const waits: (number | null)[] = [];
    for (let count = 0; count < 6; count += 1) {
      health.gpuRefused('n');
      expect(health.view().get('n')).toEqual({ ...healthyNode, gpuRefused: true });
      waits.push(health.nextRetryMs());
      await clock.advance(health.nextRetryMs() ?? 0);
      expect(health.view().get('n')).toEqual(healthyNode);
    }
    expect(waits).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it('a wake that failed is repeated after five minutes, one that is not allowed after one', async () => {
    const { clock, health } = world();
    expect(health.notReady('n', new PilotlightError('WAKE_TIMEOUT'), 'waking')).toBe('wake-failed');
    expect(health.notReady('m', new PilotlightError('WAKE_NOT_ALLOWED'), 'waking')).toBe('wake-not-allowed');
    expect(health.view().get('n')).toEqual({ ...healthyNode, dropped: true, wakeRefused: true });
    expect(health.view().get('m')).toEqual({ ...healthyNode, wakeRefused: true });
    expect(health.nextRetryMs()).toBe(60_000);
    await clock.advance(60_000);
    expect(health.view().get('m')?.wakeRefused).toBe(false);
    expect(health.view().get('n')?.wakeRefused).toBe(true);
    expect(health.nextRetryMs()).toBe(240_000);
    await clock.advance(240_000);
    expect(health.view().get('n')).toEqual({ ...healthyNode, dropped: true });
  });

  it('a node that served and did not become ready is excluded', () => {
    const { health } = world();
    expect(health.notReady('n', new PilotlightError('HOST_UNREACHABLE'), 'serving')).toBe('dropped');
    expect(health.view().get('n')).toEqual({ ...healthyNode, excluded: true, dropped: true });
  });

  it('nothing speaks against a node that has come up, but the next wait is longer', async () => {
    const { health } = world();
    health.cameUp('n');
    expect(health.view().size).toBe(0);
    health.dropped('n');
    health.gpuRefused('n');
    health.notReady('n', new PilotlightError('WAKE_TIMEOUT'), 'waking');
    health.cameUp('n');
    expect(health.view().get('n')).toEqual({ ...healthyNode, dropped: true });
    expect(health.nextRetryMs()).toBeNull();
    expect(health.breaker('n')).toBe('closed');
    fail(health, 2);
    health.cameUp('n');
    fail(health, 2);
    expect(health.breaker('n')).toBe('closed');
    health.dropped('n');
    expect(health.nextRetryMs()).toBe(10_000);
  });
});
