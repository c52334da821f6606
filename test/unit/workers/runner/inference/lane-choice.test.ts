import { describe, expect, it } from 'vitest';
import { fitsLanes, laneChoice } from '../../../../../electron/workers/runner/inference/lane-choice.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('the lanes of a processor', () => {
  it.each([
    [1, { count: 1, threads: 1 }],
    [2, { count: 2, threads: 1 }],
    [3, { count: 3, threads: 1 }],
    [4, { count: 4, threads: 1 }],
    // The rest stays for the program itself.
    [6, { count: 4, threads: 1 }],
    [8, { count: 4, threads: 2 }],
    [16, { count: 4, threads: 4 }],
    [0, { count: 1, threads: 1 }],
  ])('with %i cores are %j', (cores, choice) => {
    expect(laneChoice(cores)).toEqual(choice);
  });
});

describe('a graph', () => {
  it.each([
    ['of 40 MB, four times, on a machine with 16 GB', 40 * MIB, 4, 16 * GIB, true],
    ['of 128 MB, four times, at most', 128 * MIB, 4, 16 * GIB, true],
    ['of a byte more', 128 * MIB + 1, 4, 16 * GIB, false],
    ['that fits in twice only', 200 * MIB, 2, 16 * GIB, true],
    ['on a machine with little memory', 40 * MIB, 4, 2 * GIB, false],
    ['on a machine with a single lane', 1, 1, 16 * GIB, false],
  ])('%s', (_, bytes, count, total, fits) => {
    expect(fitsLanes(bytes, { count, threads: 1 }, total)).toBe(fits);
  });
});
