import { describe, expect, it } from 'vitest';
import {
  contextToSend,
  defaultContextLength,
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

  it('is computed where the measured one says nothing', () => {
    const computed = predictSize({ measuredBytes: null, fileBytes: GB, described, contextLength: 512 });
    expect(predictSize({ measuredBytes: 0, fileBytes: GB, described, contextLength: 512 })).toEqual(computed);
  });

  it('takes a context of 4,096 and as many key-value heads as heads where they are not known', () => {
    const cache = 2 * 32 * 32 * 128 * 4096 * 2;
    const size = predictSize({
      measuredBytes: null,
      fileBytes: GB,
      described: { ...described, headCountKv: null, contextLength: null },
      contextLength: null,
    });
    expect(size).toEqual({ bytes: Math.ceil((GB + cache) * 1.1), measured: false });
  });

  it.each([
    ['the model', null],
    ['its layers', { ...described, blockCount: null }],
    ['its heads', { ...described, headCount: null }],
    ['its embedding length', { ...described, embeddingLength: null }],
    ['its heads and embedding length', { ...described, headCount: null, embeddingLength: null }],
    ['its layers and heads', { ...described, blockCount: null, headCount: null }],
  ])('leaves the cache out where %s is not known', (_, known) => {
    const size = predictSize({ measuredBytes: null, fileBytes: GB, described: known, contextLength: 8192 });
    expect(size).toEqual({ bytes: Math.ceil(GB * 1.1), measured: false });
  });

  it('is unknown when nothing is known', () => {
    expect(predictSize({ measuredBytes: null, fileBytes: null, described, contextLength: 1 })).toBeNull();
  });
});

describe('the context that a reload must name', () => {
  const gib = 1024 ** 3;
  it.each([
    [null, null],
    [0, 4096],
    [23 * gib - 1, 4096],
    [23 * gib, 32_768],
    [47 * gib - 1, 32_768],
    [47 * gib, 262_144],
  ])('is %s bytes of VRAM by default %s', (bytes, context) => {
    expect(defaultContextLength(bytes)).toBe(context);
  });

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
    // The VRAM is unknown, so any of the defaults may be the server's.
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

  it('is measured if the tools report what is in use, even if a person entered the total', () => {
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

  it('is not added up where one of the GPUs is not known', () => {
    const vram = { totalBytes: 40 * GB, source: 'person' as const };
    const gpus = [gpu('a', 24 * GB, 4 * GB), gpu('b', 12 * GB, null)];
    expect(stateOf({ vram }, gpus)).toEqual({
      totalBytes: 40 * GB,
      freeBytes: 40 * GB,
      freeOnOneBytes: 40 * GB,
      gpuCount: 2,
      measured: false,
    });
  });

  it('is never less than nothing, and of one GPU where none is listed', () => {
    const over = [gpu('a', 8 * GB, 9 * GB), gpu('b', 8 * GB, GB)];
    expect(stateOf({}, over)).toMatchObject({ freeBytes: 7 * GB, freeOnOneBytes: 7 * GB });
    const vram = { totalBytes: 8 * GB, source: 'tools' as const };
    expect(stateOf({ vram, loaded: [aLoaded({ vramBytes: 9 * GB })] })).toEqual({
      totalBytes: 8 * GB,
      freeBytes: 0,
      freeOnOneBytes: 0,
      gpuCount: 1,
      measured: false,
    });
  });

  it('is unknown if no one entered it', () => {
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

  it('may take only 80% of the free VRAM next to others, and names what it would evict', () => {
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

  it('takes four fifths beside one that stays, and all of it once the last one is gone', () => {
    const ask = (free: number, count = 1) => {
      const others = [aLoaded({ name: 'x', vramBytes: 4 * GB }), aLoaded({ name: 'y', vramBytes: 4 * GB })];
      return fitOnGpu({
        size: measured(8 * GB),
        vram: one(24 * GB, free),
        own: null,
        others: others.slice(0, count),
        inFlight: idle,
      });
    };
    expect(ask(10 * GB)).toMatchObject({ kind: 'fits', victims: ['x'], freeBytes: 10 * GB });
    // 9.2 GB would be too little at four fifths, were there another one.
    expect(ask(5.2 * GB)).toMatchObject({ kind: 'fits', victims: ['x'] });
    expect(ask(5.2 * GB, 2)).toMatchObject({ kind: 'fits', victims: ['x', 'y'] });
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
    const large = { size: measured(20 * GB), vram: one(12 * GB, 5 * GB), own, others: [], inFlight: idle };
    expect(fitOnGpu(large)).toEqual({
      kind: 'does-not-fit',
      neededBytes: 20 * GB,
      totalBytes: 12 * GB,
      freeBytes: 11 * GB,
      victims: [],
    });
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
    expect(ask(28 * GB)).toBe('does-not-fit');
    expect(ask(29 * GB)).toBe('does-not-fit');
    expect(ask(27 * GB - VRAM_RESERVE_BYTES)).toBe('fits');
    expect(ask(27 * GB - VRAM_RESERVE_BYTES + 1)).toBe('does-not-fit');
  });

  it('spreads over two GPUs in four fifths of what is free beside others, less the loss', () => {
    const vram = {
      totalBytes: 48 * GB,
      freeBytes: 20 * GB,
      freeOnOneBytes: 10 * GB,
      gpuCount: 2,
      measured: true,
    };
    const others = [aLoaded({ name: 'x', vramBytes: GB })];
    const ask = (needed: number) =>
      fitOnGpu({
        size: measured(needed - VRAM_RESERVE_BYTES),
        vram,
        own: null,
        others,
        inFlight: idle,
      });
    expect(ask(14.3 * GB)).toMatchObject({ kind: 'fits', victims: [] });
    expect(ask(14.5 * GB)).toMatchObject({ kind: 'fits', victims: ['x'] });
    expect(ask(19 * GB)).toMatchObject({ kind: 'does-not-fit' });
  });

  it('does not take what an unloaded model gives back for room on one GPU alone', () => {
    const vram = {
      totalBytes: 48 * GB,
      freeBytes: 4 * GB,
      freeOnOneBytes: 2 * GB,
      gpuCount: 2,
      measured: true,
    };
    const others = [aLoaded({ name: 'x', vramBytes: 4 * GB })];
    const ask = (bytes: number) =>
      fitOnGpu({ size: measured(bytes), vram, own: null, others, inFlight: idle }).kind;
    expect(ask(8 * GB)).toBe('does-not-fit');
    expect(ask(4.9 * GB)).toBe('fits');
  });

  it('expects room for three models on each GPU', () => {
    const vram = { ...one(48 * GB, 40 * GB), freeOnOneBytes: 20 * GB, gpuCount: 2 };
    const ask = (count: number) => {
      const others = Array.from({ length: count }, (_, index) =>
        aLoaded({ name: `m${index}`, vramBytes: GB }),
      );
      return fitOnGpu({ size: measured(GB), vram, own: null, others, inFlight: idle });
    };
    expect(ask(5)).toMatchObject({ kind: 'fits', victims: [] });
    expect(ask(6)).toMatchObject({ kind: 'fits', victims: ['m0'] });
  });

  it('expects an eviction where three models are resident already', () => {
    const others = ['a', 'b', 'c'].map((name) => aLoaded({ name, vramBytes: GB }));
    const ask = (own: ReturnType<typeof aLoaded> | null) =>
      fitOnGpu({ size: measured(GB), vram: one(24 * GB, 20 * GB), own, others, inFlight: idle });
    expect(ask(null)).toMatchObject({ kind: 'fits', victims: ['a'] });
    expect(ask(aLoaded())).toMatchObject({ kind: 'fits', victims: [] });
  });
});
