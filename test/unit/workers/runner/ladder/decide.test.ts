import { describe, expect, it } from 'vitest';
import type { Answers, TrialResult } from '../../../../../electron/workers/runner/inference/protocol.ts';
import {
  chosen,
  compare,
  demoted,
  FLOAT_COSINE,
  judge,
  QUANTISED_COSINE,
  rung,
  rungsOf,
} from '../../../../../electron/workers/runner/ladder/decide.ts';
import { fact } from '../../../../../shared/models/message.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const vector = (turn: number) => Float32Array.from({ length: 32 }, (_, at) => Math.cos(at + turn));
const answers = (turn: number): Answers => ({ y: floatTensor([1, 32], vector(turn)) });
const trial = (changes: Partial<TrialResult> = {}): TrialResult => ({
  ms: 2,
  answers: answers(0),
  share: 0.9,
  ...changes,
});
const cpu = { ms: 10, answers: answers(0) };
const rules = { cosine: FLOAT_COSINE, mustBeFaster: true };

describe('the rungs of a system', () => {
  it('end on the CPU everywhere', () => {
    expect(rungsOf('win32')).toEqual(['dml', 'cpu']);
    expect(rungsOf('darwin')).toEqual(['coreml', 'cpu']);
    expect(rungsOf('linux')).toEqual(['cuda', 'webgpu', 'cpu']);
    expect(rungsOf('freebsd').at(-1)).toBe('cpu');
  });

  it('are those that were asked for', () => {
    expect(rungsOf('linux', 'webgpu')).toEqual(['webgpu', 'cpu']);
    expect(rungsOf('linux', 'cpu')).toEqual(['cpu']);
  });
});

describe('answers of two providers', () => {
  it('agree by the lowest cosine of all rows', () => {
    const one = { y: floatTensor([2, 32], [...vector(0), ...vector(0)]) };
    const other = { y: floatTensor([2, 32], [...vector(0), ...vector(0.3)]) };
    expect(compare(one, one, FLOAT_COSINE)).toEqual({ value: expect.closeTo(1, 6), holds: true });
    const { value, holds } = compare(other, one, FLOAT_COSINE);
    expect(value).toBeCloseTo(Math.cos(0.3), 2);
    expect(holds).toBe(false);
    expect(compare(other, one, QUANTISED_COSINE).holds).toBe(true);
  });

  it.each([
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('disagree if one is %s', (_name, bad) => {
    const broken = { y: floatTensor([1, 32], vector(0).fill(bad, 3, 4)) };
    expect(compare(broken, answers(0), FLOAT_COSINE).holds).toBe(false);
    const short = { y: floatTensor([1, 2], [1, bad]) };
    expect(compare(short, { y: floatTensor([1, 2], [1, 2]) }, FLOAT_COSINE).holds).toBe(false);
  });

  it('disagree if an output is missing or has another shape', () => {
    expect(compare({}, answers(0), FLOAT_COSINE).holds).toBe(false);
    expect(compare({ y: floatTensor([32, 1], vector(0)) }, answers(0), FLOAT_COSINE).holds).toBe(false);
  });

  it('agree by the largest difference where there are no vectors', () => {
    const expected = { y: floatTensor([1, 4], [100, 50, 0, -20]) };
    expect(compare({ y: floatTensor([1, 4], [100.5, 50, 0, -20]) }, expected, FLOAT_COSINE).holds).toBe(true);
    expect(compare({ y: floatTensor([1, 4], [100, 50, 2, -20]) }, expected, FLOAT_COSINE).holds).toBe(false);
  });
});

describe('a trial', () => {
  it('is won by a provider that is right and faster', () => {
    expect(judge('webgpu', trial(), cpu, rules)).toMatchObject({
      state: 'used',
      ms: 2,
      cpuMs: 10,
      share: 0.9,
      reason: null,
    });
  });

  it.each([
    ['slower', { ms: 10 }, 'RUNNER_PROVIDER_SLOWER'],
    ['wrong', { answers: answers(1) }, 'RUNNER_PROVIDER_WRONG'],
    ['failed', { share: 0 }, 'RUNNER_PROVIDER_IDLE'],
  ] as const)('is lost by one that is %s, and says why', (state, changes, code) => {
    const judged = judge('webgpu', trial(changes), cpu, rules);
    expect(judged).toMatchObject({ state, reason: { code } });
  });

  it('of the small graph needs no speed', () => {
    expect(judge('webgpu', trial({ ms: 99 }), cpu, { ...rules, mustBeFaster: false }).state).toBe('used');
  });
});

describe('a ladder', () => {
  const ladder = [rung('dml', 'used'), rung('cpu', 'untried')];

  it('names the provider in use, else the CPU', () => {
    expect(chosen(ladder)).toBe('dml');
    expect(chosen([rung('dml', 'slower')])).toBe('cpu');
    expect(chosen([])).toBe('cpu');
  });

  it('goes down to the CPU when the provider in use fails', () => {
    const after = demoted(ladder, 'dml', fact('RUNNER_PROVIDER_LOST', { provider: 'dml' }));
    expect(after.map(({ state }) => state)).toEqual(['failed', 'used']);
    expect(after[0]?.reason?.code).toBe('RUNNER_PROVIDER_LOST');
  });
});
