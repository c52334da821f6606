import { describe, expect, it } from 'vitest';
import { createOutsidePrograms } from '../../../electron/simulator/outside.ts';
import { GIB, gpu, LARGE, MIDDLE, SMALL, schedulerOnFakeClock } from './support.ts';

describe('a program beside Ollama', () => {
  it('shrinks what Ollama may use, and gives it back when it ends', () => {
    const { scheduler } = schedulerOnFakeClock();
    const outside = createOutsidePrograms({ memory: scheduler.memory });
    outside.hold(9 * GIB, '/usr/bin/python3');
    expect(scheduler.memory.gpuStates()).toEqual([{ totalBytes: 12 * GIB, freeBytes: 3 * GIB }]);
    expect(scheduler.memory.outside()).toMatchObject([{ name: '/usr/bin/python3', bytes: 9 * GIB, gpu: 0 }]);
    outside.hold(4 * GIB);
    expect(scheduler.memory.gpuStates()[0]?.freeBytes).toBe(8 * GIB);
    outside.hold(0);
    expect(scheduler.memory.gpuStates()[0]?.freeBytes).toBe(12 * GIB);
  });

  it('takes only what is free, of every GPU', async () => {
    const { scheduler, ask, clock } = schedulerOnFakeClock({ gpus: [gpu(12, 'a'), gpu(24, 'b')] });
    const loading = ask(SMALL);
    await clock.advance(60_000);
    (await loading).release();
    const outside = createOutsidePrograms({ memory: scheduler.memory });
    outside.takeMost();
    const free = scheduler.memory.gpuStates().map(({ freeBytes, totalBytes }) => freeBytes / totalBytes);
    for (const share of free) expect(share).toBeCloseTo(0.06, 6);
    outside.end();
    expect(scheduler.memory.outside()).toEqual([]);
  });

  it('is never evicted: an automatic load ends partly on the CPU, an explicit one fails with its victims gone', async () => {
    const { scheduler, ask, clock } = schedulerOnFakeClock();
    const first = ask(SMALL, { keepAliveMs: Number.POSITIVE_INFINITY });
    await clock.advance(60_000);
    (await first).release();
    createOutsidePrograms({ memory: scheduler.memory }).hold(8 * GIB);
    const explicit = ask(MIDDLE, { options: { num_gpu: 10 } });
    const refused = expect(explicit).rejects.toMatchObject({ status: 500 });
    await clock.advance(60_000);
    await refused;
    expect(scheduler.loaded()).toEqual([]);
    const automatic = ask(LARGE);
    await clock.advance(60_000);
    (await automatic).release();
    const [view] = scheduler.loaded();
    expect(view?.sizeVramBytes).toBeGreaterThan(0);
    expect(view?.sizeVramBytes).toBeLessThan(4 * GIB);
  });
});

describe('the fault oom-on-explicit-layers', () => {
  it.each(['0.33', '0.24'] as const)('empties the card before it fails (%s)', async (profile) => {
    const { scheduler, faults, ask, clock } = schedulerOnFakeClock({ profile });
    const first = ask(SMALL, { keepAliveMs: Number.POSITIVE_INFINITY });
    await clock.advance(60_000);
    (await first).release();
    faults.set('oom-on-explicit-layers', true);
    const explicit = ask(MIDDLE, { options: { num_gpu: 10 } });
    const refused = expect(explicit).rejects.toMatchObject({ status: 500 });
    await clock.advance(60_000);
    await refused;
    expect(scheduler.loaded()).toEqual([]);
  });
});
