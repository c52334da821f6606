import { describe, expect, it } from 'vitest';
import {
  contextToSend,
  evictionOrder,
  fitOnGpu,
  predictSize,
  VRAM_RESERVE_BYTES,
  vramState,
} from '../../../../electron/core/placement/fit.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';
import { aLoaded, aNode, GB, NOW, type NodeChanges } from './support.ts';

const idle = () => 0;
const one = (total: number, free: number) => ({
  totalBytes: total,
  freeBytes: free,
  freeOnOneBytes: free,
  gpuCount: 1,
  measured: true,
});
const measured = (bytes: number) => ({ bytes, measured: true });

describe('the size of a model', () => {
  const described = {
    capabilities: [],
    blockCount: 32,
    embeddingLength: 4096,
    contextLength: 131_072,
    headCount: 32,
    headCountKv: 8,
  };

  it('is what was measured, where it was', () => {
    const size = predictSize({ measuredBytes: 7, fileBytes: 5, described, contextLength: 4096 });
    expect(size).toEqual({ bytes: 7, measured: true });
  });

  it('is file size and key-value cache with a margin, where it was not', () => {
    const size = predictSize({ measuredBytes: null, fileBytes: 5 * GB, described, contextLength: 8192 });
    const cache = 2 * 32 * 8 * 128 * 8192 * 2;
    expect(size?.measured).toBe(false);
    expect(size?.bytes).toBe(Math.ceil((5 * GB + cache) * 1.1));
    const parallel = predictSize({
      measuredBytes: null,
      fileBytes: 5 * GB,
      described,
      contextLength: 8192,
      parallel: 4,
    });
    expect(parallel?.bytes).toBe(Math.ceil((5 * GB + 4 * cache) * 1.1));
  });

  it('never counts a longer context than the model was trained for', () => {
    const short = { ...described, contextLength: 512 };
    const small = predictSize({
      measuredBytes: null,
      fileBytes: GB,
      described: short,
      contextLength: 32_768,
    });
    const same = predictSize({ measuredBytes: null, fileBytes: GB, described: short, contextLength: 512 });
    expect(small).toEqual(same);
  });

  it('is unknown when nothing is known', () => {
    expect(predictSize({ measuredBytes: null, fileBytes: null, described, contextLength: 1 })).toBeNull();
  });
});

describe('the context that a reload must name', () => {
  const gib = 1024 ** 3;
  it.each([
    // loaded, trained, VRAM, sent
    [null, 8192, 24 * gib, undefined],
    [32_768, 131_072, 24 * gib, undefined],
    [4096, 131_072, 12 * gib, undefined],
    [8192, 131_072, 24 * gib, 8192],
    [4096, 131_072, 24 * gib, 4096],
    // Cut to what it was trained for: the default gives the same, and naming it would reload at the next request.
    [512, 512, 24 * gib, undefined],
    [2048, 2048, 12 * gib, undefined],
    // Nobody knows the VRAM: any of the defaults may be the server's own.
    [4096, 131_072, null, undefined],
    [32_768, 131_072, null, undefined],
    [10_000, 131_072, null, 10_000],
    [512, 512, null, undefined],
    [262_144, null, 48 * gib, undefined],
  ])('loaded %s, trained %s, VRAM %s: %s', (loadedContext, trainedContext, totalVramBytes, sent) => {
    expect(contextToSend({ loadedContext, trainedContext, totalVramBytes })).toBe(sent);
  });
});

describe('the VRAM of a node', () => {
  const gpu = (id: string, total: number | null, used: number | null): GpuReading => ({
    id,
    vendor: 'nvidia',
    name: id,
    vramTotalBytes: total,
    vramUsedBytes: used,
    utilisationPercent: null,
    temperatureCelsius: null,
    powerWatts: null,
  });

  const stateOf = (changes: NodeChanges, gpus: GpuReading[] = []) => {
    const { vram, loaded } = aNode(changes);
    return vramState({ vram, loaded, gpus });
  };

  it('is read from its tools, GPU by GPU', () => {
    expect(stateOf({}, [gpu('a', 24 * GB, 20 * GB), gpu('b', 12 * GB, GB)])).toEqual({
      totalBytes: 36 * GB,
      freeBytes: 15 * GB,
      freeOnOneBytes: 11 * GB,
      gpuCount: 2,
      measured: true,
    });
  });

  it('is not measured where the tools do not say what is in use, and is where only the total is told by a person', () => {
    const vram = { totalBytes: 24 * GB, source: 'person' as const };
    expect(stateOf({ vram })).toMatchObject({ freeBytes: 24 * GB, measured: false });
    expect(stateOf({ vram }, [gpu('a', 24 * GB, null)])).toMatchObject({ measured: false });
    const windows = [{ ...gpu('a', 0, 20 * GB), vramTotalBytes: null }];
    expect(stateOf({ vram }, windows)).toMatchObject({ freeBytes: 4 * GB, measured: true });
  });

  it('is the total less what the server says is loaded, where only the total is known', () => {
    const loaded = [aLoaded({ vramBytes: 6 * GB })];
    expect(stateOf({ loaded })).toMatchObject({ freeBytes: 18 * GB });
    expect(stateOf({ loaded }, [gpu('a', 24 * GB, null)])).toMatchObject({ freeBytes: 18 * GB });
  });

  it('is unknown where nobody told', () => {
    expect(stateOf({ vram: { totalBytes: null, source: 'unknown' } })).toBeNull();
  });
});

describe('whom Ollama unloads first', () => {
  it('is the idle one, then the one with the shortest time, then by name; for ever comes last', () => {
    const models = [
      aLoaded({ name: 'for-ever', expiresAt: null }),
      aLoaded({ name: 'busy', expiresAt: NOW + 1 }),
      aLoaded({ name: 'b', expiresAt: NOW + 10 }),
      aLoaded({ name: 'a', expiresAt: NOW + 10 }),
      aLoaded({ name: 'late', expiresAt: NOW + 99 }),
    ];
    const order = evictionOrder(models, (name) => (name === 'busy' ? 2 : 0)).map((model) => model.name);
    expect(order).toEqual(['a', 'b', 'late', 'for-ever', 'busy']);
  });
});

describe('whether a model fits', () => {
  it('fits alone when it leaves the reserve', () => {
    const size = measured(10 * GB);
    const just = 10 * GB + VRAM_RESERVE_BYTES;
    expect(fitOnGpu({ size, vram: one(24 * GB, just), own: null, others: [], inFlight: idle }).kind).toBe(
      'fits',
    );
    const short = fitOnGpu({ size, vram: one(24 * GB, just - 1), own: null, others: [], inFlight: idle });
    expect(short).toMatchObject({ kind: 'does-not-fit', totalBytes: 24 * GB });
  });

  it('may take only 80% of what is free beside others, and names whom it would push out', () => {
    const others = [
      aLoaded({ name: 'x', vramBytes: 4 * GB, expiresAt: NOW + 500 }),
      aLoaded({ name: 'y', vramBytes: 4 * GB, expiresAt: NOW + 100 }),
    ];
    const ask = (free: number) =>
      fitOnGpu({ size: measured(8 * GB), vram: one(24 * GB, free), own: null, others, inFlight: idle });
    expect(ask(12 * GB)).toMatchObject({ kind: 'fits', victims: [] });
    expect(ask(9 * GB)).toMatchObject({ kind: 'fits', victims: ['y'] });
    expect(ask(3 * GB)).toMatchObject({ kind: 'fits', victims: ['y', 'x'] });
    expect(ask(0)).toMatchObject({ kind: 'does-not-fit', victims: ['y', 'x'] });
  });

  it('counts the VRAM that the model itself gives back', () => {
    const own = aLoaded({ sizeBytes: 9.9 * GB, vramBytes: 6 * GB });
    const fit = fitOnGpu({
      size: measured(9.9 * GB),
      vram: one(12 * GB, 5 * GB),
      own,
      others: [],
      inFlight: idle,
    });
    expect(fit).toMatchObject({ kind: 'fits', freeBytes: 11 * GB });
  });

  it('fits on one of two GPUs, or spread over both with a loss', () => {
    const vram = {
      totalBytes: 48 * GB,
      freeBytes: 30 * GB,
      freeOnOneBytes: 18 * GB,
      gpuCount: 2,
      measured: true,
    };
    const ask = (bytes: number) =>
      fitOnGpu({ size: measured(bytes), vram, own: null, others: [], inFlight: idle }).kind;
    expect(ask(16.9 * GB)).toBe('fits');
    expect(ask(25.9 * GB)).toBe('fits');
    expect(ask(29 * GB)).toBe('does-not-fit');
  });

  it('expects an eviction where three models are resident already', () => {
    const others = ['a', 'b', 'c'].map((name) => aLoaded({ name, vramBytes: GB }));
    const ask = (own: ReturnType<typeof aLoaded> | null) =>
      fitOnGpu({ size: measured(GB), vram: one(24 * GB, 20 * GB), own, others, inFlight: idle });
    expect(ask(null)).toMatchObject({ kind: 'fits', victims: ['a'] });
    expect(ask(aLoaded())).toMatchObject({ kind: 'fits', victims: [] });
  });

  it('says so when the VRAM or the size is unknown', () => {
    expect(fitOnGpu({ size: measured(1), vram: null, own: null, others: [], inFlight: idle }).kind).toBe(
      'vram-unknown',
    );
    expect(fitOnGpu({ size: null, vram: one(1, 1), own: null, others: [], inFlight: idle }).kind).toBe(
      'vram-unknown',
    );
  });
});
