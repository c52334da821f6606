/** What moves say about the next one: waits that double, and what ends them. */
import { describe, expect, it } from 'vitest';
import {
  afterRestart,
  COOL_DOWN_MS,
  type ModelHistory,
  NO_HISTORY,
  quietUntil,
  remember,
} from '../../../../electron/core/placement/move-history.ts';
import { plainText } from '../../../../shared/models/message.ts';
import type { MoveRecord } from '../../../../shared/models/placement.ts';
import { aMoveOf, NOW } from './support.ts';

const minute = 60_000;
const hour = 60 * minute;
const failed = (changes: Partial<MoveRecord> = {}) =>
  aMoveOf({
    outcome: 'failed',
    to: 'cpu',
    reason: plainText('No.'),
    code: 'LOAD_FAILED' as never,
    ...changes,
  });
const learned = (records: readonly MoveRecord[], history: ModelHistory = NO_HISTORY) =>
  records.reduce(remember, history);

describe('a failure', () => {
  it('delays the next move for five minutes, then twice as long each time, up to six hours', () => {
    const waits = Array.from({ length: 9 }, (_, index) => {
      const { retryAt, failures } = learned(Array(index + 1).fill(failed()));
      expect(failures).toBe(index + 1);
      return (retryAt - NOW) / minute;
    });
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
    expect(learned(Array(2000).fill(failed())).retryAt).toBe(NOW + 6 * hour);
  });

  it('is known with its reason until a move succeeds', () => {
    const history = learned([
      failed({ reason: plainText('First.') }),
      failed({ reason: plainText('Second.') }),
    ]);
    expect(history).toMatchObject({ failures: 2, lastReason: plainText('Second.') });
    expect(remember(history, aMoveOf({ at: NOW + 1 }))).toEqual({
      ...NO_HISTORY,
      movedAt: NOW + 1,
      movedTo: 'gpu',
      movedBy: 'optimizer',
    });
  });

  it.each<[string, Partial<MoveRecord>, boolean]>([
    ['the optimizer was refused', { outcome: 'refused', by: 'optimizer' }, true],
    ['a person was refused', { outcome: 'refused', by: 'person' }, false],
    ['a job was refused', { outcome: 'refused', by: 'job' }, false],
    ['a person’s move failed', { outcome: 'failed', by: 'person' }, true],
    ['it was cancelled', { outcome: 'failed', code: 'CANCELLED' }, false],
    ['it was there already', { outcome: 'already-right' }, false],
  ])('where %s: counts %s', (_, changes, counts) => {
    const before = { ...NO_HISTORY, lastReason: plainText('Before.') };
    const history = remember(before, failed(changes));
    expect(history.failures).toBe(counts ? 1 : 0);
    if (!counts) expect(history).toBe(before);
  });

  it('remembers when the GPU was not used, and that explicit layers ran out of memory', () => {
    const lost = learned([failed({ code: 'GPU_NOT_USED', at: NOW - 7 }), failed()]);
    expect(lost).toMatchObject({ gpuNotUsedAt: NOW - 7, explicitFailed: false });
    const full = learned([failed({ code: 'OUT_OF_MEMORY' }), failed()]);
    expect(full).toMatchObject({ gpuNotUsedAt: null, explicitFailed: true });
    expect(remember(full, aMoveOf())).toMatchObject({ explicitFailed: true, failures: 0 });
  });
});

describe('a move', () => {
  const moves = (...ages: number[]) => learned(ages.map((age) => aMoveOf({ at: NOW - age })));

  it('that did not last is a relapse, where it was repeated to the same side within a day', () => {
    expect(moves(3 * hour, 2 * hour, 0).relapses).toBe(2);
    expect(moves(24 * hour, 0).relapses).toBe(0);
    expect(moves(24 * hour - 1, 0).relapses).toBe(1);
    expect(learned([aMoveOf({ wanted: 'cpu', at: NOW - 1 }), aMoveOf()]).relapses).toBe(0);
    expect(moves(0).relapses).toBe(0);
  });

  it('is left alone for ten minutes, twice as long with each relapse, six hours at most', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 60].map((relapses) => {
      const quiet = quietUntil({ ...NO_HISTORY, movedAt: NOW, movedTo: 'gpu', relapses }, 'gpu');
      expect(quiet?.why).toBe('cool-down');
      return ((quiet?.at ?? 0) - NOW) / COOL_DOWN_MS;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 36, 36]);
  });

  it('is not reversed within an hour', () => {
    const quiet = quietUntil({ ...NO_HISTORY, movedAt: NOW, movedTo: 'cpu', relapses: 9 }, 'gpu');
    expect(quiet).toEqual({ at: NOW + hour, why: 'reversal' });
  });

  it('that did not happen delays nothing', () => {
    expect(quietUntil(NO_HISTORY, 'gpu')).toBeNull();
    expect(quietUntil({ ...NO_HISTORY, movedAt: NOW }, 'gpu')).toBeNull();
    expect(quietUntil({ ...NO_HISTORY, movedTo: 'gpu' }, 'gpu')).toBeNull();
  });
});

it('a restarted server gets a new chance, and its moves are still known', () => {
  const history: ModelHistory = {
    failures: 3,
    retryAt: NOW + hour,
    lastReason: plainText('No.'),
    movedAt: NOW,
    movedTo: 'gpu',
    movedBy: 'job',
    relapses: 2,
    gpuNotUsedAt: NOW,
    explicitFailed: true,
  };
  expect(afterRestart(history)).toEqual({
    ...NO_HISTORY,
    movedAt: NOW,
    movedTo: 'gpu',
    movedBy: 'job',
    relapses: 2,
  });
});
