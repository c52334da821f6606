import { describe, expect, it } from 'vitest';
import { createCompute } from '../../../electron/simulator/compute.ts';
import { DEFAULT_SPEEDS } from '../../../electron/simulator/model.ts';
import { EMBED, schedulerOnFakeClock, type Wish } from './support.ts';

async function computeOn(wish: Wish = {}) {
  const { clock, faults, load } = schedulerOnFakeClock();
  let powerLost = false;
  const compute = createCompute({
    clock,
    speeds: { ...DEFAULT_SPEEDS, gpuTextsPerSecond: 100, cpuTextsPerSecond: 10 },
    speed: 1,
    faults,
    losePower: () => {
      powerLost = true;
    },
  });
  const { runner } = await load(EMBED, wish);
  const signal = new AbortController().signal;
  const timed = (promise: Promise<void>) => {
    const started = clock.monotonic();
    return promise.then(() => Math.round(clock.monotonic() - started));
  };
  return { clock, compute, faults, runner, signal, timed, powerLost: () => powerLost };
}

describe('computing', () => {
  it('runs at the speed of where the model sits', async () => {
    const gpu = await computeOn();
    const fast = gpu.timed(gpu.compute.embed(gpu.runner, 50, gpu.signal));
    await gpu.clock.advance(10_000);
    expect(await fast).toBe(500);

    const cpu = await computeOn({ options: { num_gpu: 0 } });
    const slow = cpu.timed(cpu.compute.embed(cpu.runner, 50, cpu.signal));
    await cpu.clock.advance(10_000);
    expect(await slow).toBe(5000);

    const partial = await computeOn({ options: { num_gpu: 13 } });
    const between = partial.timed(partial.compute.embed(partial.runner, 50, partial.signal));
    await partial.clock.advance(10_000);
    expect(await between).toBeGreaterThan(2000);
    expect(await between).toBeLessThan(5000);
  });

  it('takes requests one after another: two at once help nobody', async () => {
    const { clock, compute, runner, signal, timed } = await computeOn();
    const first = timed(compute.embed(runner, 50, signal));
    const second = timed(compute.embed(runner, 50, signal));
    expect(compute.busy()).toBe(true);
    await clock.advance(10_000);
    expect(await first).toBe(500);
    expect(await second).toBe(1000);
    expect(compute.busy()).toBe(false);
    expect(compute.embeddedTexts()).toBe(100);
  });

  it('stops at once for a client that has gone', async () => {
    const { clock, compute, runner, signal, timed } = await computeOn();
    const client = new AbortController();
    const abandoned = compute.embed(runner, 1000, client.signal).catch((error: unknown) => error);
    await clock.advance(100);
    client.abort(new Error('gone'));
    expect(await abandoned).toEqual(new Error('gone'));
    const next = timed(compute.embed(runner, 50, signal));
    await clock.advance(1000);
    expect(await next).toBe(500);
    expect(compute.embeddedTexts()).toBe(50);
  });

  it('loses power in the middle of a batch, once', async () => {
    const { clock, compute, faults, runner, signal, powerLost } = await computeOn();
    faults.set('dies-half-way', true);
    void compute.embed(runner, 100, signal);
    await clock.advance(499);
    expect(powerLost()).toBe(false);
    await clock.advance(2);
    expect(powerLost()).toBe(true);
    expect(faults.is('dies-half-way')).toBe(false);
  });

  it('loses power after a number of texts, counted over requests', async () => {
    const { clock, compute, runner, signal, powerLost } = await computeOn();
    compute.dieAfterTexts(70);
    void compute.embed(runner, 50, signal);
    await clock.advance(1000);
    expect(powerLost()).toBe(false);
    void compute.embed(runner, 50, signal);
    await clock.advance(1000);
    expect(powerLost()).toBe(true);
    expect(compute.embeddedTexts()).toBe(70);
  });

  it('follows a change of its rates', async () => {
    const { clock, compute, runner, signal, timed } = await computeOn();
    compute.setRates(1000, 1000);
    const fast = timed(compute.embed(runner, 50, signal));
    await clock.advance(1000);
    expect(await fast).toBe(50);
  });
});
