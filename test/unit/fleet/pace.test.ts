import { describe, expect, it } from 'vitest';
import { usualBootMs } from '../../../electron/core/fleet/boot.ts';
import { lookTimeoutMs, nextLookMs } from '../../../electron/core/fleet/pace.ts';

describe('when a node is looked at next', () => {
  it.each([
    ['serving', 0, 5000],
    ['gpu-verified', 0, 5000],
    ['serving', 1, 1000],
    ['unknown', 1, 5000],
    ['off', 2, 5000],
    ['off', 3, 10_000],
    ['off', 5, 40_000],
    ['off', 6, 60_000],
    ['off', 5000, 60_000],
    ['trouble', 2, 5000],
    ['trouble', 9, 30_000],
  ] as const)('%s after %i misses: %i ms', (state, misses, wanted) => {
    expect(nextLookMs({ state, misses }, 5000, null)).toBe(wanted);
  });

  it('a longer interval of the person’s is never shortened', () => {
    expect(nextLookMs({ state: 'off', misses: 9 }, 300_000, null)).toBe(300_000);
  });

  it('is quick while it is being woken, and quicker near its usual time', () => {
    const waking = { state: 'waking', misses: 0 } as const;
    expect(nextLookMs(waking, 5000, { elapsedMs: 0, expectedMs: 60_000 })).toBe(500);
    expect(nextLookMs(waking, 5000, { elapsedMs: 30_000, expectedMs: 60_000 })).toBe(200);
    expect(nextLookMs(waking, 5000, { elapsedMs: 0, expectedMs: null })).toBe(200);
    expect(nextLookMs({ state: 'booting', misses: 0 }, 5000, { elapsedMs: 0, expectedMs: 60_000 })).toBe(200);
  });

  it('a look at a sleeping host is short while it is being woken', () => {
    expect(lookTimeoutMs('off', 4000, false)).toBe(4000);
    expect(lookTimeoutMs('waking', 4000, true)).toBe(600);
    expect(lookTimeoutMs('booting', 4000, true)).toBe(2000);
    expect(lookTimeoutMs('booting', 300, true)).toBe(300);
  });

  it('the usual boot time is the median of the newest five', () => {
    expect(usualBootMs([])).toBeNull();
    expect(usualBootMs([30])).toBe(30);
    expect(usualBootMs([30, 50])).toBe(40);
    expect(usualBootMs([30, 900, 31, 29, 32, 1, 1])).toBe(31);
  });
});
