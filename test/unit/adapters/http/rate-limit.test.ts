import { describe, expect, it } from 'vitest';
import { createRateLimit } from '../../../../electron/adapters/http/rate-limit.ts';

function start(options: { each?: number; all?: number } = {}) {
  let now = 0;
  const mayAsk = createRateLimit({
    each: { burst: options.each ?? 3, perSecond: 1 },
    all: { burst: options.all ?? 100, perSecond: 10 },
    now: () => now,
  });
  return {
    taken: (address: string, count: number) =>
      Array.from({ length: count }, () => mayAsk(address)).filter(Boolean).length,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('a rate limit', () => {
  it('takes a burst of an address, then so many a second, and never saves up more than a burst', () => {
    const { taken, pass } = start();
    expect(taken('a', 10)).toBe(3);
    pass(1999);
    expect(taken('a', 10)).toBe(1);
    pass(1);
    expect(taken('a', 10)).toBe(1);
    pass(3_600_000);
    expect(taken('a', 10)).toBe(3);
  });

  it('is one for each address, and another for all of them', () => {
    const { taken } = start({ all: 5 });
    expect([taken('a', 10), taken('b', 10), taken('c', 10)]).toEqual([3, 2, 0]);
  });

  it('forgets the address that was silent longest', () => {
    const { taken } = start({ all: 10_000 });
    taken('first', 3);
    taken('second', 3);
    for (let index = 0; index < 998; index += 1) taken(`10.0.${index >> 8}.${index & 255}`, 1);
    expect(taken('second', 1)).toBe(0);
    taken('one more', 1);
    expect(taken('first', 10)).toBe(3);
    expect(taken('second', 10)).toBe(0);
  });
});
