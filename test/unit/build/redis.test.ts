import { describe, expect, it } from 'vitest';
import { librariesOf } from '../../../build/lib/redis.mjs';

describe('librariesOf', () => {
  it('takes the libraries of a package, without the C library and what is no library', () => {
    const depends =
      'adduser, libatomic1 (>= 4.8), libc6 (>= 2.34), libjemalloc2:amd64 (>= 3.5.0), liblzf1 | liblzf2';
    expect(librariesOf(depends)).toEqual(['libatomic1', 'libjemalloc2', 'liblzf1', 'liblzf2']);
    expect(librariesOf('')).toEqual([]);
  });
});
