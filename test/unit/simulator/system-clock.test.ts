import { describe, expect, it } from 'vitest';
import { createSystemClock, longTimer } from '../../../electron/simulator/clock.ts';
import { createFakeClock } from '../../fakes/clock.ts';

describe("the system's clock", () => {
  it('sleeps, times, and ends a sleep that is aborted', async () => {
    const clock = createSystemClock();
    const before = clock.monotonic();
    await clock.sleep(1);
    expect(clock.monotonic()).toBeGreaterThan(before);
    expect(clock.now()).toBeGreaterThan(Date.UTC(2026, 0, 1));
    await new Promise<void>((resolve) => {
      clock.timer(1, resolve);
    });
    const controller = new AbortController();
    const slept = clock.sleep(1_000_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(clock.sleep(1, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });
});

describe('a long timer', () => {
  it('waits longer than a system timer can, never for Infinity, and can be cancelled on the way', async () => {
    const clock = createFakeClock();
    const fired: string[] = [];
    const month = 30 * 86_400_000;
    longTimer(clock, month, () => fired.push('month'));
    longTimer(clock, Number.POSITIVE_INFINITY, () => fired.push('never')).cancel();
    const cancelled = longTimer(clock, month, () => fired.push('cancelled'));
    await clock.advance(month - 1);
    expect(fired).toEqual([]);
    cancelled.cancel();
    await clock.advance(1);
    expect(fired).toEqual(['month']);
    expect(clock.pending()).toBe(0);
  });
});
