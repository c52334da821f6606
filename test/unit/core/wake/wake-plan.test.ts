import { describe, expect, it } from 'vitest';
import { nextMethodAfterMs, reachedStep, wakeLimitMs } from '../../../../electron/core/wake/wake-plan.ts';
import type { NodeState } from '../../../../shared/models/node-state.ts';
import type { WakeProgress } from '../../../../shared/models/wake.ts';

const progress = (step: WakeProgress['step']) => ({ step, startedAt: 7 }) as unknown as WakeProgress;

describe('the step that a wake has reached', () => {
  it.each<[WakeProgress['step'], NodeState, WakeProgress['step']]>([
    ['packet-sent', 'off', 'packet-sent'],
    ['packet-sent', 'waking', 'packet-sent'],
    ['packet-sent', 'trouble', 'packet-sent'],
    ['packet-sent', 'booting', 'answers'],
    ['packet-sent', 'serving', 'serves'],
    ['packet-sent', 'gpu-verified', 'gpu-verified'],
    ['answers', 'serving', 'serves'],
    ['serves', 'gpu-verified', 'gpu-verified'],
    // A step is never taken back.
    ['serves', 'booting', 'serves'],
    ['gpu-verified', 'serving', 'gpu-verified'],
    ['answers', 'off', 'answers'],
  ])('was %s, the machine is %s: %s', (before, state, after) => {
    expect(reachedStep(progress(before), state)).toEqual(progress(after));
  });

  it('is the same object where nothing was reached', () => {
    const wake = progress('serves');
    expect(reachedStep(wake, 'serving')).toBe(wake);
  });
});

describe('how long a wake may take', () => {
  it.each([
    [null, 5000, 5000],
    [20_000, 180_000, 60_000],
    [20_001, 180_000, 60_003],
    [1000, 30_000, 30_000],
    [1000, 90_000, 60_000],
  ])('usually %s ms, setting %i ms: %i ms', (usual, setting, limit) => {
    expect(wakeLimitMs(usual, setting)).toBe(limit);
  });
});

describe('when the next method is tried', () => {
  it.each([
    [8000, 900_000, 1, 10_000],
    [8001, 900_000, 1, 10_001],
    [48_000, 900_000, 1, 60_000],
    [47_999, 900_000, 1, 59_999],
    [null, 10_001, 3, 3333],
    [null, 15_000, 0, 15_000],
    [null, 900_000, 1, 20_000],
  ])('usually %s ms, given up after %i ms, %i methods: after %i ms', (usual, limit, methods, wanted) => {
    expect(nextMethodAfterMs(usual, limit, methods)).toBe(wanted);
  });
});
