import { describe, expect, it } from 'vitest';
import { FOREVER_MS } from '../../../electron/simulator/go-values.ts';
import { EMBED, GIB, gpu, MIDDLE, SMALL, schedulerOnFakeClock } from './support.ts';

const MINUTE = 60_000;

describe('expiry', () => {
  it('starts when the last request ends', async () => {
    const { ask, clock, load, names, shown } = schedulerOnFakeClock();
    await load(SMALL);
    const lease = await ask(SMALL);
    await clock.advance(20 * MINUTE);
    expect(names()).toEqual(['small:latest']);
    lease.release();
    expect(shown(SMALL)?.expiresAt).toBe(clock.now() + 5 * MINUTE);
    await clock.advance(5 * MINUTE - 1000);
    expect(names()).toEqual(['small:latest']);
    await clock.advance(2000);
    expect(names()).toEqual([]);
  });

  it('keeps the stored keep_alive when a request does not name one, and overwrites it when it does', async () => {
    const { clock, load, shown } = schedulerOnFakeClock();
    await load(SMALL, { keepAliveMs: 30 * MINUTE });
    await load(SMALL);
    expect(shown(SMALL)?.expiresAt).toBe(clock.now() + 30 * MINUTE);
    await load(SMALL, { keepAliveMs: 10 * MINUTE });
    expect(shown(SMALL)?.expiresAt).toBe(clock.now() + 10 * MINUTE);
  });

  it('shows a model kept for ever as expiring in some 292 years', async () => {
    const { clock, load, names, shown } = schedulerOnFakeClock();
    await load(SMALL, { keepAliveMs: Number.POSITIVE_INFINITY });
    expect((shown(SMALL)?.expiresAt ?? 0) - clock.now()).toBeCloseTo(FOREVER_MS, -3);
    await clock.advance(30 * 24 * 60 * MINUTE);
    expect(names()).toEqual(['small:latest']);
  });

  it('honours a keep_alive longer than a system timer can wait', async () => {
    const { clock, load, names } = schedulerOnFakeClock();
    const days = 24 * 60 * MINUTE;
    await load(SMALL, { keepAliveMs: 40 * days });
    await clock.advance(39 * days);
    expect(names()).toEqual(['small:latest']);
    await clock.advance(2 * days);
    expect(names()).toEqual([]);
  });

  it('lists the latest expiry first', async () => {
    const { load, names } = schedulerOnFakeClock();
    await load(SMALL, { keepAliveMs: 1 * MINUTE });
    await load(EMBED, { keepAliveMs: 9 * MINUTE });
    await load(MIDDLE, { keepAliveMs: 5 * MINUTE });
    expect(names()).toEqual(['mxbai-embed-large:latest', 'middle:latest', 'small:latest']);
  });
});

describe('unloading', () => {
  it('happens after the answer, not in it', async () => {
    const { clock, load, names, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    scheduler.expire(SMALL.blob);
    expect(names()).toEqual(['small:latest']);
    await clock.advance(500);
    expect(names()).toEqual([]);
  });

  it('never ends a request in flight', async () => {
    const { ask, clock, load, names, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    const lease = await ask(SMALL);
    scheduler.expire(SMALL.blob);
    await clock.advance(10 * MINUTE);
    expect(names()).toEqual(['small:latest']);
    lease.release();
    await clock.advance(500);
    expect(names()).toEqual([]);
  });

  it('loads again for a request that comes right after it, and that stays', async () => {
    const { ask, clock, load, names, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    const [first] = scheduler.runners();
    scheduler.expire(SMALL.blob);
    const again = ask(SMALL);
    await clock.advance(10_000);
    (await again).release();
    await clock.advance(1000);
    expect(names()).toEqual(['small:latest']);
    expect(scheduler.runners()[0]?.pid).not.toBe(first?.pid);
  });

  it('takes a request that comes too late down with the dying runner, in 0.24', async () => {
    const { ask, clock, load, names, scheduler } = schedulerOnFakeClock({ profile: '0.24' });
    await load(SMALL);
    scheduler.expire(SMALL.blob);
    const lease = await ask(SMALL, { keepAliveMs: 30 * MINUTE });
    lease.release();
    expect(names()).toEqual(['small:latest']);
    await clock.advance(1000);
    expect(names()).toEqual([]);
  });

  it('waits for a request that came too late, and then goes, in 0.24', async () => {
    const { ask, clock, load, names, scheduler } = schedulerOnFakeClock({ profile: '0.24' });
    await load(SMALL);
    scheduler.expire(SMALL.blob);
    const late = await ask(SMALL, { keepAliveMs: 30 * MINUTE });
    await clock.advance(MINUTE);
    expect(names()).toEqual(['small:latest']);
    late.release();
    await clock.advance(1000);
    expect(names()).toEqual([]);
  });

  it('loads afresh for a request that comes while the process ends', async () => {
    const { ask, clock, load, names, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    scheduler.expire(SMALL.blob);
    await clock.advance(50);
    expect(scheduler.runners()[0]?.state).toBe('unloading');
    const again = ask(SMALL);
    await clock.advance(5000);
    (await again).release();
    expect(names()).toEqual(['small:latest']);
  });

  it.each([
    ['earlier than ps says, as usual', {}, 101, 136],
    ['later than ps says', { vramReleaseMs: 400, vramReleaseMsPerGb: 0 }, 400, 136],
  ])('gives VRAM back %s', async (_, speeds, freeMs, leftMs) => {
    const { clock, load, names, scheduler } = schedulerOnFakeClock({
      speeds: { ...speeds, expiryLatencyMs: 0 },
    });
    await load(SMALL);
    const free = () => scheduler.memory.gpuStates()[0]?.freeBytes === 12 * GIB;
    scheduler.expire(SMALL.blob);
    const times = { freeMs: 0, leftMs: 0 };
    for (let ms = 1; ms <= 1000; ms += 1) {
      await clock.advance(1);
      if (times.freeMs === 0 && free()) times.freeMs = ms;
      if (times.leftMs === 0 && names().length === 0) times.leftMs = ms;
    }
    // 2 GiB and a small cache.
    expect(times.freeMs).toBeGreaterThanOrEqual(freeMs);
    expect(times.freeMs).toBeLessThanOrEqual(freeMs + 3);
    expect(times.leftMs).toBeGreaterThanOrEqual(leftMs);
    expect(times.leftMs).toBeLessThanOrEqual(leftMs + 3);
  });

  it('is followed by looks at the GPU that use VRAM for a moment', async () => {
    const { clock, load, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    scheduler.expire(SMALL.blob);
    let looks = 0;
    let before = 0;
    for (let ms = 0; ms < 3000; ms += 10) {
      await clock.advance(10);
      const now = scheduler.memory.probing(0);
      if (now > before) looks += 1;
      before = now;
    }
    expect(looks).toBe(2);
    expect(scheduler.memory.probing(0)).toBe(0);
  });

  it('of a model on the CPU is over at once', async () => {
    const { clock, load, names, scheduler } = schedulerOnFakeClock({ speeds: { expiryLatencyMs: 0 } });
    await load(SMALL, { options: { num_gpu: 0 } });
    scheduler.expire(SMALL.blob);
    await clock.advance(2);
    expect(names()).toEqual([]);
  });

  it('looks for the VRAM each 250 ms and goes on after 5 s at the latest', async () => {
    const wait = async (vramReleaseMs: number) => {
      const { ask, clock, load, scheduler } = schedulerOnFakeClock({
        gpus: [gpu(8)],
        environment: { maxLoadedModels: 1 },
        speeds: {
          vramReleaseMs,
          vramReleaseMsPerGb: 0,
          expiryLatencyMs: 0,
          unloadMs: 0,
          unloadMsPerGb: 0,
          loadBaseMs: 0,
          loadBytesPerSecond: 1e15,
        },
      });
      await load(SMALL);
      const started = clock.monotonic();
      let readyAt = 0;
      void ask(MIDDLE).then(() => {
        readyAt = clock.monotonic();
      });
      await clock.advance(10_000);
      expect(scheduler.loaded().map((runner) => runner.model.name)).toEqual(['middle:latest']);
      return Math.round(readyAt - started);
    };
    expect(await wait(400)).toBe(500);
    expect(await wait(750)).toBe(750);
    expect(await wait(9000)).toBe(5000);
  });

  it('of a model that is not loaded does nothing', async () => {
    const { clock, scheduler } = schedulerOnFakeClock();
    scheduler.expire(SMALL.blob);
    await clock.advance(1000);
    expect(scheduler.loaded()).toEqual([]);
  });
});
