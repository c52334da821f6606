import { describe, expect, it } from 'vitest';
import { startLoop } from '../../../../electron/core/runtime/loop.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function gate() {
  let open: () => void = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

describe('a loop', () => {
  it('never overlaps itself, and waits from the end of a run', async () => {
    const clock = createFakeClock();
    const gates = [gate(), gate()];
    let runs = 0;
    const loop = startLoop({
      clock,
      random: () => 0.5,
      intervalMs: () => 1000,
      run: async () => {
        await gates[runs++]?.passed;
      },
    });
    await clock.advance(0);
    expect(runs).toBe(1);
    await clock.advance(10_000);
    expect(runs).toBe(1);
    gates[0]?.open();
    await clock.advance(999);
    expect(runs).toBe(1);
    await clock.advance(2);
    expect(runs).toBe(2);
    gates[1]?.open();
    await loop.stop();
  });

  it('joins the run under way instead of starting another', async () => {
    const clock = createFakeClock();
    const first = gate();
    let runs = 0;
    const loop = startLoop({
      clock,
      random: () => 0.5,
      intervalMs: () => 1000,
      run: () => {
        runs += 1;
        return first.passed;
      },
    });
    const a = loop.runNow();
    const b = loop.runNow();
    first.open();
    await Promise.all([a, b]);
    expect(runs).toBe(1);
    await loop.stop();
  });

  it('backs off while it fails, and returns to its interval after a success', async () => {
    const clock = createFakeClock();
    const at: number[] = [];
    const errors: unknown[] = [];
    let failing = true;
    const loop = startLoop({
      clock,
      random: () => 0.5,
      intervalMs: () => 1000,
      maxBackoffMs: 4000,
      onError: (error) => errors.push(error),
      run: async () => {
        at.push(clock.monotonic());
        if (failing) throw new Error('no');
      },
    });
    await clock.advance(14_000);
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(waits.slice(0, 4)).toEqual([2000, 4000, 4000, 4000]);
    expect(errors).toHaveLength(at.length);
    failing = false;
    await clock.advance(4000);
    const count = at.length;
    await clock.advance(3000);
    expect(at.length - count).toBe(3);
    await loop.stop();
  });

  it('aborts the run under way when stopped, waits for it, and never runs again', async () => {
    const clock = createFakeClock();
    let ended = false;
    let runs = 0;
    const loop = startLoop({
      clock,
      random: () => 0.5,
      intervalMs: () => 10,
      run: async (signal) => {
        runs += 1;
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        ended = true;
      },
    });
    await clock.advance(0);
    await loop.stop();
    expect(ended).toBe(true);
    await loop.runNow();
    await clock.advance(10_000);
    expect(runs).toBe(1);
    expect(clock.pending()).toBe(0);
  });
});
