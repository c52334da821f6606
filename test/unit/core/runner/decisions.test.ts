import { describe, expect, it } from 'vitest';
import { type Candidate, chooseRunner, preferGpu } from '../../../../electron/core/runner/balance.ts';
import { countsAgainstRunner, retryDelayMs, retryOf } from '../../../../electron/core/runner/batch-retry.ts';
import { pinnedName, readPinnedName } from '../../../../electron/core/runner/pinned-name.ts';
import { type KnownNode, runnerAddresses } from '../../../../electron/core/runner/runner-addresses.ts';
import {
  afterFailure,
  afterSuccess,
  closedRunnerBreaker,
  FAILURES_TO_OPEN,
  LEAST_REQUESTS,
  OPEN_MS,
  type RunnerBreaker,
  restOfBreaker,
  SUCCESSES_TO_CLOSE,
  stateOfBreaker,
} from '../../../../electron/core/runner/runner-breaker.ts';
import { type Counted, targetsOf } from '../../../../electron/core/runner/targets.ts';
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';

const times = (count: number, from: RunnerBreaker, step: (one: RunnerBreaker) => RunnerBreaker) =>
  Array.from({ length: count }).reduce<RunnerBreaker>((one) => step(one), from);

describe('the breaker of a runner', () => {
  const opened = times(FAILURES_TO_OPEN, closedRunnerBreaker, (one) => afterFailure(one, 1000));

  it('has the numbers of the existing client', () => {
    expect([FAILURES_TO_OPEN, OPEN_MS, SUCCESSES_TO_CLOSE, LEAST_REQUESTS]).toEqual([15, 20_000, 3, 10]);
  });

  it('opens at the fifteenth failure in a row, and not before', () => {
    const almost = times(FAILURES_TO_OPEN - 1, closedRunnerBreaker, (one) => afterFailure(one, 1000));
    expect(stateOfBreaker(almost, 1000)).toBe('closed');
    expect(stateOfBreaker(opened, 1000)).toBe('open');
    expect(stateOfBreaker(afterFailure(afterSuccess(almost, 1000), 1000), 1000)).toBe('closed');
  });

  it('is half-open after 20 seconds, and says how long until then', () => {
    expect(restOfBreaker(opened, 1000 + OPEN_MS / 4)).toBe((OPEN_MS * 3) / 4);
    expect(stateOfBreaker(opened, 1000 + OPEN_MS - 1)).toBe('open');
    expect(stateOfBreaker(opened, 1000 + OPEN_MS)).toBe('half-open');
    expect(restOfBreaker(opened, 1000 + OPEN_MS)).toBeNull();
  });

  it('closes at the third success then; one failure opens it again', () => {
    const later = 1000 + OPEN_MS;
    const almost = times(SUCCESSES_TO_CLOSE - 1, opened, (one) => afterSuccess(one, later));
    expect(stateOfBreaker(almost, later)).toBe('half-open');
    expect(afterSuccess(almost, later)).toEqual(closedRunnerBreaker);
    expect(stateOfBreaker(afterFailure(almost, later), later)).toBe('open');
  });

  it('ignores what ends while it is open', () => {
    expect(afterSuccess(opened, 2000)).toBe(opened);
    expect(afterFailure(opened, 2000)).toBe(opened);
  });
});

describe('a failed batch', () => {
  const error = (code: ErrorCode, details?: Record<string, unknown>) =>
    new PilotlightError(code, details ? { details } : {});

  it.each([
    ['HOST_UNREACHABLE', undefined, 'later'],
    ['HOST_TIMEOUT', undefined, 'later'],
    ['SERVER_BUSY', { status: 503 }, 'later'],
    ['NOT_A_RUNNER', undefined, 'later'],
    ['SERVER_ERROR', undefined, 'texts'],
    ['RUNNER_ERROR', { status: 500 }, 'texts'],
    ['RUNNER_ERROR', { status: 422 }, 'texts'],
    ['RUNNER_ERROR', { status: 405 }, 'never'],
    ['RUNNER_REFUSED', undefined, 'never'],
    ['RUNNER_MODEL_CHANGED', undefined, 'never'],
    ['MODEL_NOT_FOUND', undefined, 'never'],
  ] as const)('with %s %j is tried: %s', (code, details, wanted) => {
    expect(retryOf(error(code, details))).toBe(wanted);
  });

  it('with a defect is not tried again', () => {
    expect(retryOf(new TypeError('x'))).toBe('never');
  });

  it('waits twice as long each time, between a half and the whole, up to 8 seconds', () => {
    const wait = (attempt: number, random: number) => retryDelayMs(attempt, random, error('HOST_TIMEOUT'));
    expect([0, 1, 2, 3].map((attempt) => wait(attempt, 0))).toEqual([125, 250, 500, 1000]);
    expect([0, 1, 20].map((attempt) => wait(attempt, 1))).toEqual([250, 500, 8000]);
  });

  it('waits at least as long as the runner asks', () => {
    expect(retryDelayMs(0, 0, error('SERVER_BUSY', { retryAfterMs: 3000 }))).toBe(3000);
  });

  it('counts against the runner only if its input is not the cause, and it is not just busy', () => {
    expect(countsAgainstRunner(error('HOST_TIMEOUT'))).toBe(true);
    expect(countsAgainstRunner(error('RUNNER_ERROR', { status: 500 }))).toBe(true);
    expect(countsAgainstRunner(error('RUNNER_ERROR', { status: 422 }))).toBe(false);
    expect(countsAgainstRunner(error('SERVER_BUSY'))).toBe(false);
    expect(countsAgainstRunner(error('PICTURE_UNREADABLE'))).toBe(false);
  });
});

describe('the next batch', () => {
  const runner = (nodeId: string, own: Partial<Candidate> = {}): Candidate => ({
    nodeId,
    textsPerSecond: null,
    gpu: false,
    waiting: 0,
    ...own,
  });

  it('goes where it would be finished first, by the measured speed', () => {
    const fast = (waiting: number) => runner('fast', { textsPerSecond: 300, waiting });
    const slow = runner('slow', { textsPerSecond: 100 });
    expect(chooseRunner([slow, fast(0)], 32)).toBe('fast');
    expect(chooseRunner([slow, fast(60)], 32)).toBe('fast');
    expect(chooseRunner([slow, fast(96)], 32)).toBe('slow');
  });

  it('is shared out in the ratio of the speeds', () => {
    const counts = { fast: 0, slow: 0 };
    for (let batch = 0; batch < 40; batch += 1) {
      const to = chooseRunner(
        [
          runner('fast', { textsPerSecond: 300, waiting: counts.fast }),
          runner('slow', { textsPerSecond: 100, waiting: counts.slow }),
        ],
        1,
      ) as 'fast' | 'slow';
      counts[to] += 1;
    }
    expect(counts).toEqual({ fast: 30, slow: 10 });
  });

  it('tries a runner that was never measured, as fast as its siblings', () => {
    const known = runner('known', { textsPerSecond: 50, waiting: 32 });
    expect(chooseRunner([known, runner('new')], 32)).toBe('new');
    expect(chooseRunner([], 32)).toBeNull();
  });

  it('goes to a CPU only without a GPU', () => {
    const all = [runner('cpu'), runner('gpu', { gpu: true })];
    expect(preferGpu(all)).toEqual({ candidates: [all[1]], fallback: false });
    expect(preferGpu([runner('cpu')])).toEqual({ candidates: [runner('cpu')], fallback: true });
  });
});

describe('the targets', () => {
  const counted: Counted = {
    batches: 100,
    failed: 2,
    onGpu: 90,
    fallbacks: 1,
    p95Ms: 120,
    hasGpu: true,
  };

  it('are met by a healthy runner', () => {
    const { success, latency, gpu, fallback } = targetsOf(counted);
    expect([success.met, latency.met, gpu.met, fallback.met]).toEqual([true, true, true, true]);
    expect([success.value, fallback.value]).toEqual([0.98, 0.01]);
  });

  it.each([
    ['success', { failed: 5 }],
    ['latency', { p95Ms: 500 }],
    ['gpu', { onGpu: 78 }],
    ['fallback', { fallbacks: 5 }],
  ] as const)('%s is missed at its limit', (name, own) => {
    expect(targetsOf({ ...counted, ...own })[name].met).toBe(false);
  });

  it('are unknown before a batch, and those of a GPU where there is none', () => {
    const none = targetsOf({ ...counted, batches: 0, failed: 0, onGpu: 0, fallbacks: 0, p95Ms: null });
    expect(Object.values(none).map(({ met }) => met)).toEqual([null, null, null, null]);
    const cpu = targetsOf({ ...counted, onGpu: 0, hasGpu: false });
    expect([cpu.gpu.met, cpu.fallback.met, cpu.success.met]).toEqual([null, null, true]);
  });
});

describe('the addresses of runners', () => {
  const here: KnownNode = { id: 'here', name: 'Laptop', kind: 'this-computer', url: null, agentUrl: null };
  const tower: KnownNode = {
    id: 'tower',
    name: 'tower',
    kind: 'remote',
    url: 'http://tower.lan:11434',
    agentUrl: 'http://tower.lan:8765',
  };
  const found = (own: Partial<Parameters<typeof runnerAddresses>[0]> = {}) =>
    runnerAddresses({
      nodes: [here, tower],
      local: 'not-running',
      agentOf: () => null,
      urls: [],
      token: 'of-the-settings',
      ...own,
    }).map(({ nodeId, from, url, token }) => [nodeId, from, url, token]);

  it('include this computer’s unless it is off, and those of agents with the role', () => {
    expect(found()).toEqual([['here', 'this-computer', null, null]]);
    expect(found({ local: null })).toEqual([]);
    expect(
      found({ local: { url: 'http://127.0.0.1:9', token: 't' }, agentOf: () => ({ token: 'a' }) }),
    ).toEqual([
      ['here', 'this-computer', 'http://127.0.0.1:9', 't'],
      ['tower', 'agent', 'http://tower.lan:8765', 'a'],
    ]);
  });

  it('of the settings belong to the only node with that host, unless its agent has the role', () => {
    const urls = ['http://tower.lan:9000'];
    expect(found({ local: null, urls })).toEqual([['tower', 'address', urls[0], 'of-the-settings']]);
    expect(found({ local: null, urls, agentOf: () => ({ token: 'a' }) }).map(([nodeId]) => nodeId)).toEqual([
      'tower',
      'runner:tower.lan:9000',
    ]);
    const twin = { ...tower, id: 'twin' };
    expect(found({ nodes: [tower, twin], local: null, urls })[0]?.[0]).toBe('runner:tower.lan:9000');
  });

  it('on loopback belong to no node, and appear once', () => {
    const urls = ['http://127.0.0.1:9000', 'http://127.0.0.1:9000/'];
    expect(found({ nodes: [here], local: null, urls }).map(([nodeId]) => nodeId)).toEqual([
      'runner:127.0.0.1:9000',
    ]);
  });
});

it('a pinned name has the hash, whatever the name contains', () => {
  const pinned = pinnedName({ name: 'a@b', hash: 'f0' });
  expect(readPinnedName(pinned)).toEqual({ name: 'a@b', hash: 'f0' });
  expect(readPinnedName('plain')).toEqual({ name: 'plain', hash: null });
});
