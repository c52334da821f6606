import { describe, expect, it } from 'vitest';
import { attemptKey, createAttempts } from '../../../../electron/adapters/http/attempts.ts';

const second = 1000;

function createWorld(most?: number) {
  let now = 0;
  const attempts = createAttempts({ monotonic: () => now, ...(most === undefined ? {} : { most }) });
  return {
    attempts,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('an address that guesses', () => {
  it('waits from its third wrong try on, twice as long each time, a minute at most', () => {
    const { attempts, pass } = createWorld();
    const waits = Array.from({ length: 10 }, () => {
      attempts.wrong('10.0.0.1');
      const wait = attempts.waitMs('10.0.0.1');
      pass(wait);
      return wait / second;
    });
    expect(waits).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    expect(attempts.waitMs('10.0.0.1')).toBe(0);
    expect(attempts.waitMs('10.0.0.2')).toBe(0);
  });

  it('starts again after a right try, and a quarter of an hour after its last one', () => {
    const { attempts, pass } = createWorld();
    const guess = (times: number) => {
      for (let index = 0; index < times; index += 1) attempts.wrong('10.0.0.1');
      return attempts.waitMs('10.0.0.1') / second;
    };
    expect(guess(4)).toBe(2);
    attempts.right('10.0.0.1');
    expect(attempts.size()).toBe(0);
    expect(guess(3)).toBe(1);
    pass(15 * 60 * second);
    expect(guess(1)).toBe(2);
    pass(15 * 60 * second + 1);
    expect(guess(1)).toBe(0);
  });

  it('is forgotten first where it tried longest ago', () => {
    const { attempts } = createWorld(2);
    for (const address of ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.3'])
      attempts.wrong(address);
    expect(attempts.size()).toBe(2);
    expect(attempts.waitMs('10.0.0.1') / second).toBe(2);
    attempts.wrong('10.0.0.4');
    expect(attempts.waitMs('10.0.0.1')).toBe(0);
  });
});

describe('what counts as one address', () => {
  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::1'],
    ['2001:db8::1', '2001:0db8:0:0:1::'],
    ['::1', '::2'],
  ])('%s is %s', (one, other) => {
    expect(attemptKey(one)).toBe(attemptKey(other));
  });

  it.each([
    ['10.0.0.1', '10.0.0.2'],
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['2001:db8::1', '2001:db9::1'],
  ])('%s is not %s', (one, other) => {
    expect(attemptKey(one)).not.toBe(attemptKey(other));
  });
});
