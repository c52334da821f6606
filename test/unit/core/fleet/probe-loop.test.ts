import { describe, expect, it } from 'vitest';
import { startWatch } from '../../../../electron/core/fleet/probe-loop.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function setup({ intervalMs = 1000, firstDelayMs = 0 } = {}) {
  const clock = createFakeClock();
  const ends: (() => void)[] = [];
  const state = { started: 0, running: 0, most: 0, aborted: 0 };
  const watch = startWatch({
    clock,
    random: () => 0.5,
    firstDelayMs,
    nextProbeMs: () => intervalMs,
    probe: (signal) =>
      new Promise((resolve) => {
        state.started += 1;
        state.running += 1;
        state.most = Math.max(state.most, state.running);
        const end = () => {
          state.running -= 1;
          resolve();
        };
        signal.addEventListener('abort', () => {
          state.aborted += 1;
          end();
        });
        ends.push(end);
      }),
  });
  return { clock, watch, state, end: () => ends.shift()?.() };
}

describe('a watch', () => {
  it('waits from the end of one probe to the start of the next', async () => {
    const { clock, state, end } = setup();
    await clock.advance(0);
    expect(state.started).toBe(1);
    await clock.advance(10_000);
    expect(state.started).toBe(1);
    end();
    await clock.advance(999);
    expect(state.started).toBe(1);
    await clock.advance(1);
    expect(state.started).toBe(2);
  });

  it('probeNow during a probe runs after it, once for all callers', async () => {
    const { clock, watch, state, end } = setup();
    await clock.advance(0);
    let done = 0;
    const asked = [watch.probeNow(), watch.probeNow()].map((probed) =>
      probed.then(() => {
        done += 1;
      }),
    );
    end();
    await clock.flush();
    expect(state).toMatchObject({ started: 2, most: 1 });
    expect(done).toBe(0);
    end();
    await Promise.all(asked);
    expect(state.started).toBe(2);
    await clock.advance(1000);
    expect(state.started).toBe(3);
  });

  it('probeNow replaces the wait', async () => {
    const { clock, watch, state, end } = setup({ firstDelayMs: 500 });
    const probed = watch.probeNow();
    expect(state.started).toBe(1);
    end();
    await probed;
    await clock.advance(600);
    expect(state.started).toBe(1);
    expect(clock.pending()).toBe(1);
  });

  it('stopping aborts the probe under way, waits for it, and leaves no timer', async () => {
    const { clock, watch, state } = setup();
    await clock.advance(0);
    await watch.stop();
    expect(state).toMatchObject({ aborted: 1, running: 0 });
    await clock.advance(60_000);
    expect(state.started).toBe(1);
    expect(clock.pending()).toBe(0);
    await watch.probeNow();
    expect(state.started).toBe(1);
  });
});
