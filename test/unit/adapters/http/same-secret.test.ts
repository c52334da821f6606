import { describe, expect, it } from 'vitest';
import { digestOf, findSecret, sameSecret } from '../../../../electron/adapters/http/same-secret.ts';

describe('a secret', () => {
  it('is the same only in full', () => {
    expect(sameSecret('right-token', 'right-token')).toBe(true);
    for (const other of ['right-toke', 'right-token ', 'Right-token', '']) {
      expect(sameSecret('right-token', other)).toBe(false);
    }
  });

  it('is found among several', () => {
    const digests = ['one', 'two', 'three'].map(digestOf);
    expect(['one', 'two', 'three', 'four'].map((secret) => findSecret(digests, secret))).toEqual([
      0, 1, 2, -1,
    ]);
    expect(findSecret([], '')).toBe(-1);
  });
});
