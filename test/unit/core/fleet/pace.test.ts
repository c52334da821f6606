import { describe, expect, it } from 'vitest';
import { usualBootMs } from '../../../../electron/core/fleet/boot.ts';
import { nextProbeMs, probeTimeoutMs } from '../../../../electron/core/fleet/pace.ts';

const calm = { probeIntervalMs: 5000, wake: null, active: false, sinceSeenMs: null };
const wake = (elapsedMs: number, expectedMs: number | null) => ({ elapsedMs, expectedMs });

describe('when a node is looked at next', () => {
  it.each([
    ['serving', 0, 5000],
    ['gpu-verified', 0, 5000],
    ['serving', 1, 1000],
    ['unknown', 1, 5000],
    ['off', 1, 66_000],
    ['off', 5000, 66_000],
    ['trouble', 2, 5000],
    ['trouble', 9, 30_000],
  ] as const)('%s after %i misses: %i ms', (state, misses, wanted) => {
    expect(nextProbeMs({ state, misses }, calm)).toBe(wanted);
  });

  it.each([
    [2, 5000],
    [3, 10_000],
    [5, 40_000],
    [6, 66_000],
  ])('off after %i misses, but seen a moment ago: %i ms', (misses, wanted) => {
    const lately = { ...calm, sinceSeenMs: 20_000 };
    expect(nextProbeMs({ state: 'off', misses }, lately)).toBe(wanted);
    expect(nextProbeMs({ state: 'off', misses }, { ...calm, sinceSeenMs: 120_000 })).toBe(66_000);
  });

  it('every 5 seconds while the panel is in use', () => {
    expect(nextProbeMs({ state: 'off', misses: 900 }, { ...calm, active: true })).toBe(5000);
    expect(nextProbeMs({ state: 'off', misses: 9 }, { ...calm, active: true, probeIntervalMs: 1000 })).toBe(
      5000,
    );
  });

  it('a longer interval of the person’s is never shortened', () => {
    const seldom = { ...calm, probeIntervalMs: 300_000 };
    expect(nextProbeMs({ state: 'off', misses: 9 }, seldom)).toBe(300_000);
    expect(nextProbeMs({ state: 'off', misses: 9 }, { ...seldom, active: true })).toBe(300_000);
  });

  it('is quick while it is being woken, and quickest near its usual time', () => {
    const waking = { state: 'waking', misses: 0 } as const;
    const next = (elapsedMs: number, expectedMs: number | null) =>
      nextProbeMs(waking, { ...calm, wake: wake(elapsedMs, expectedMs) });
    expect(next(0, 60_000)).toBe(500);
    expect(next(30_000, 60_000)).toBe(200);
    expect(next(48_000, 60_000)).toBe(100);
    expect(next(90_000, 60_000)).toBe(100);
    expect(next(91_000, 60_000)).toBe(200);
    expect(next(0, null)).toBe(200);
    const booting = { state: 'booting', misses: 0 } as const;
    expect(nextProbeMs(booting, { ...calm, wake: wake(0, 60_000) })).toBe(200);
  });

  it('a probe of a sleeping host is short while it is being woken', () => {
    expect(probeTimeoutMs('off', 4000, null)).toBe(4000);
    expect(probeTimeoutMs('waking', 4000, wake(0, 60_000))).toBe(600);
    expect(probeTimeoutMs('waking', 4000, wake(50_000, 60_000))).toBe(300);
    // It answers: it has time to say something.
    expect(probeTimeoutMs('booting', 4000, wake(50_000, 60_000))).toBe(2000);
    expect(probeTimeoutMs('booting', 300, wake(0, null))).toBe(300);
  });

  it('the usual boot time is the median of the newest five', () => {
    expect(usualBootMs([])).toBeNull();
    expect(usualBootMs([30])).toBe(30);
    expect(usualBootMs([30, 50])).toBe(40);
    expect(usualBootMs([30, 900, 31, 29, 32, 1, 1])).toBe(31);
    // In the order of their lengths, which is neither that of their times nor that of their digits.
    expect(usualBootMs([900, 31, 30, 5, 200])).toBe(31);
    expect(usualBootMs([5, 900, 31, 30])).toBe(31);
  });
});
