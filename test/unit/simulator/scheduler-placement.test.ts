import { describe, expect, it } from 'vitest';
import { defineTag } from '../../../electron/simulator/catalogue.ts';
import {
  chatModel,
  EMBED,
  failure,
  GIB,
  gpu,
  LARGE,
  MIDDLE,
  SMALL,
  schedulerOnFakeClock,
} from './support.ts';

const where = (runner: { sizeBytes: number; sizeVramBytes: number } | undefined) =>
  !runner
    ? 'absent'
    : runner.sizeVramBytes === 0
      ? 'cpu'
      : runner.sizeVramBytes < runner.sizeBytes
        ? 'partial'
        : 'gpu';

describe('placement', () => {
  it('offloads everything where it fits', async () => {
    const { load, shown } = schedulerOnFakeClock();
    await load(MIDDLE);
    expect(shown(MIDDLE)?.sizeVramBytes).toBe(shown(MIDDLE)?.sizeBytes);
  });

  it('offloads some layers where not all fit', async () => {
    const { load, shown } = schedulerOnFakeClock({ gpus: [gpu(6)] });
    await load(LARGE);
    expect(where(shown(LARGE))).toBe('partial');
  });

  it('puts 0 layers on the CPU and N layers on the GPU', async () => {
    const { load, shown } = schedulerOnFakeClock();
    await load(SMALL, { options: { num_gpu: 0 } });
    expect(where(shown(SMALL))).toBe('cpu');
    await load(MIDDLE, { options: { num_gpu: 5 } });
    expect(shown(MIDDLE)?.sizeVramBytes).toBe(Math.round((shown(MIDDLE)?.sizeBytes ?? 0) / 2));
    await load(EMBED, { options: { num_gpu: 999 } });
    expect(where(shown(EMBED))).toBe('gpu');
  });

  it('has no fallback for an explicit number of layers, in the words of each profile', async () => {
    const modern = schedulerOnFakeClock({ profile: '0.33', gpus: [gpu(6)] });
    const problem = await failure(modern.load(LARGE, { options: { num_gpu: 999 } }));
    expect(problem.status).toBe(500);
    expect(problem.message).toBe(
      [
        'llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory',
        `alloc_tensor_range: failed to allocate CUDA0 buffer of size ${10 * GIB}`,
        'error loading model: unable to allocate CUDA0 buffer',
      ].join('\n'),
    );
    expect(modern.scheduler.runners()).toEqual([]);

    const older = schedulerOnFakeClock({ profile: '0.24', gpus: [gpu(6)] });
    expect(await failure(older.load(LARGE, { options: { num_gpu: 999 } }))).toEqual({
      status: 500,
      message: 'memory layout cannot be allocated with num_gpu = 999',
    });
    expect(older.scheduler.runners()).toEqual([]);
  });

  it('evicts its neighbours before it finds that an explicit number does not fit', async () => {
    const { load, scheduler } = schedulerOnFakeClock({ gpus: [gpu(6)] });
    await load(SMALL);
    await failure(load(LARGE, { options: { num_gpu: 999 } }));
    expect(scheduler.runners()).toEqual([]);
  });

  it('refuses in 0.24 what does not fit into system memory', async () => {
    const { load } = schedulerOnFakeClock({ profile: '0.24', gpus: [], systemMemoryBytes: 8 * GIB });
    expect(await failure(load(LARGE))).toEqual({
      status: 500,
      message: 'model requires more system memory (10.0 GiB) than is available (7.2 GiB)',
    });
    const modern = schedulerOnFakeClock({ gpus: [], systemMemoryBytes: 8 * GIB });
    expect((await failure(modern.load(LARGE))).message).toMatch(
      /^llama-server process has terminated: exit status 1: ggml_aligned_malloc: insufficient memory \(attempted to allocate 10240\.00 MB\)\n/,
    );
  });

  it('silently takes 999 layers to the CPU where no GPU was discovered', async () => {
    const { faults, load, scheduler, shown } = schedulerOnFakeClock();
    scheduler.stop();
    faults.set('no-gpu-discovered', true);
    scheduler.start(true);
    await load(SMALL, { options: { num_gpu: 999 } });
    expect(where(shown(SMALL))).toBe('cpu');
    expect(scheduler.defaultContext()).toBe(4096);
  });

  it('runs out of memory on explicit layers under the fault, not on automatic ones', async () => {
    const { faults, load, shown } = schedulerOnFakeClock();
    faults.set('oom-on-explicit-layers', true);
    expect((await failure(load(SMALL, { options: { num_gpu: 10 } }))).status).toBe(500);
    await load(SMALL);
    expect(where(shown(SMALL))).toBe('gpu');
  });

  it('says 100% GPU with the size of the file while the CPU works, under the false-GPU fault', async () => {
    const { faults, load, shown } = schedulerOnFakeClock();
    faults.set('false-gpu', true);
    await load(SMALL);
    expect(shown(SMALL)).toMatchObject({
      sizeBytes: SMALL.sizeBytes,
      sizeVramBytes: SMALL.sizeBytes,
      actualVramBytes: 0,
    });
  });

  it('uses one of several GPUs when it fits there, else both, and both when told to spread', async () => {
    const two = () => [gpu(6), gpu(8, 'GPU-1')];
    const one = schedulerOnFakeClock({ gpus: two() });
    await one.load(MIDDLE);
    expect(one.scheduler.runners()[0]?.allocation.perGpu[0]).toBe(0);
    const both = schedulerOnFakeClock({ gpus: two() });
    await both.load(LARGE);
    expect(both.scheduler.runners()[0]?.allocation.perGpu.every((bytes) => bytes > 4 * GIB)).toBe(true);
    const spread = schedulerOnFakeClock({ gpus: two(), environment: { schedSpread: true } });
    await spread.load(SMALL);
    expect(spread.scheduler.runners()[0]?.allocation.perGpu.every((bytes) => bytes > 0)).toBe(true);
  });

  it('keeps OLLAMA_GPU_OVERHEAD free', async () => {
    const { load, shown } = schedulerOnFakeClock({ environment: { gpuOverheadBytes: 8 * GIB } });
    await load(MIDDLE);
    expect(where(shown(MIDDLE))).toBe('partial');
  });

  it('multiplies the cache by OLLAMA_NUM_PARALLEL, but not for embedding models', async () => {
    const { load, shown } = schedulerOnFakeClock({ environment: { numParallel: 4 } });
    await load(SMALL);
    await load(EMBED);
    const cache = 2 * 9 * 4096 * 2;
    expect(shown(SMALL)?.sizeBytes).toBe(SMALL.sizeBytes + 4 * cache);
    expect(shown(EMBED)?.sizeBytes).toBe(EMBED.sizeBytes + 2 * 24 * 16 * 64 * 512 * 2);
    expect(shown(EMBED)?.contextLength).toBe(512);
  });
});

describe('reload', () => {
  it.each([
    ['num_ctx', { num_ctx: 1024 }],
    ['num_batch', { num_batch: 64 }],
    ['num_gpu', { num_gpu: 999 }],
    ['main_gpu', { main_gpu: 1 }],
    ['main_gpu, also to the usual one', { main_gpu: 0 }],
    ['use_mmap', { use_mmap: false }],
    ['num_thread', { num_thread: 2 }],
  ])('follows a different %s', async (_name, options) => {
    const { load } = schedulerOnFakeClock();
    const first = await load(SMALL);
    const second = await load(SMALL, { options });
    expect(second.runner).not.toBe(first.runner);
    expect((await load(SMALL, { options })).runner).toBe(second.runner);
  });

  it('never follows an unset or −1 num_gpu, wherever the model sits', async () => {
    const { load, shown } = schedulerOnFakeClock();
    const cpu = await load(SMALL, { options: { num_gpu: 0 } });
    expect((await load(SMALL)).runner).toBe(cpu.runner);
    expect((await load(SMALL, { options: { num_gpu: -1 } })).runner).toBe(cpu.runner);
    expect(where(shown(SMALL))).toBe('cpu');
  });

  it('loses the placement when another option differs', async () => {
    const { load, shown } = schedulerOnFakeClock();
    await load(SMALL, { options: { num_gpu: 0 } });
    await load(SMALL, { options: { num_ctx: 2048 } });
    expect(where(shown(SMALL))).toBe('gpu');
  });

  it('returns to the keep_alive of the server', async () => {
    const { clock, load, shown } = schedulerOnFakeClock();
    await load(SMALL, { keepAliveMs: Number.POSITIVE_INFINITY });
    await load(SMALL, { options: { num_ctx: 2048 } });
    expect((shown(SMALL)?.expiresAt ?? 0) - clock.now()).toBeLessThanOrEqual(5 * 60_000);
  });

  it('keeps a placement that the Modelfile pins', async () => {
    const { load, shown } = schedulerOnFakeClock();
    const pinned = defineTag(SMALL, 'pinned:latest', { num_gpu: 0 });
    await load(pinned, { options: { num_ctx: 2048 } });
    expect(where(shown(pinned))).toBe('cpu');
  });

  it('waits for a busy runner and leaves its request alone', async () => {
    const { ask, clock, load } = schedulerOnFakeClock();
    await load(SMALL);
    const busy = await ask(SMALL);
    let reloaded = false;
    void ask(SMALL, { options: { num_ctx: 1024 } }).then(() => {
      reloaded = true;
    });
    await clock.advance(60_000);
    expect(reloaded).toBe(false);
    expect(busy.runner.state).toBe('ready');
    busy.release();
    await clock.advance(10_000);
    expect(reloaded).toBe(true);
  });

  it('makes two tags of one blob share a runner, and thrash when their options differ', async () => {
    const { load, names } = schedulerOnFakeClock();
    const alias = defineTag(SMALL, 'alias:latest', {});
    const longer = defineTag(SMALL, 'longer:latest', { num_ctx: 8192 });
    const first = await load(SMALL);
    expect((await load(alias)).runner).toBe(first.runner);
    expect(names()).toEqual(['small:latest']);
    await load(longer);
    expect(names()).toEqual(['longer:latest']);
    await load(SMALL);
    expect(names()).toEqual(['small:latest']);
  });
});

describe('VRAM since 0.30', () => {
  const onCard = (gibibytes: number) => schedulerOnFakeClock({ gpus: [gpu(gibibytes)] });
  const MIB = 1024 ** 2;

  it('is held by a runner beside its model, which ps does not count', async () => {
    const { load, scheduler, shown } = onCard(12);
    await load(SMALL);
    const free = scheduler.memory.gpuStates()[0]?.freeBytes ?? 0;
    expect(12 * GIB - free - (shown(SMALL)?.sizeVramBytes ?? 0)).toBe(588 * MIB);
    await load(SMALL, { options: { num_gpu: 0 } });
    expect(scheduler.memory.gpuStates()[0]?.freeBytes).toBe(12 * GIB);
  });

  it('stays free by 1,024 MiB with automatic placement, and not with explicit layers', async () => {
    const needed = (2 * GIB + 588 * MIB + 1 * MIB) / GIB;
    const automatic = onCard(needed + 0.9);
    await automatic.load(SMALL);
    expect(where(automatic.shown(SMALL))).toBe('partial');
    const roomy = onCard(needed + 1.1);
    await roomy.load(SMALL);
    expect(where(roomy.shown(SMALL))).toBe('gpu');
    const explicit = onCard(needed + 0.1);
    await explicit.load(SMALL, { options: { num_gpu: 999 } });
    expect(where(explicit.shown(SMALL))).toBe('gpu');
  });
});

describe('a runner that dies', () => {
  it('stays in ps until the next request, which loads it again', async () => {
    const { load, names, scheduler } = schedulerOnFakeClock();
    const { runner } = await load(SMALL);
    scheduler.die(runner);
    expect(names()).toEqual(['small:latest']);
    expect(scheduler.memory.gpuStates()[0]?.freeBytes).toBe(12 * GIB);
    expect((await load(SMALL)).runner).not.toBe(runner);
    expect(names()).toEqual(['small:latest']);
  });
});

describe('a server that is killed', () => {
  it('leaves its runners with their memory, and a new one does not know them', async () => {
    const { load, names, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    const free = scheduler.memory.gpuStates()[0]?.freeBytes;
    scheduler.kill();
    scheduler.start(true);
    expect(names()).toEqual([]);
    expect(scheduler.memory.gpuStates()[0]?.freeBytes).toBe(free);
    expect(scheduler.memory.outside()).toMatchObject([{ name: '/usr/local/lib/ollama/llama-server' }]);
    scheduler.memory.endOrphans();
    expect(scheduler.memory.gpuStates()[0]?.freeBytes).toBe(12 * GIB);
  });
});

describe('eviction', () => {
  it('makes room when a newcomer would take more than 80% of what is free', async () => {
    const modern = schedulerOnFakeClock({ profile: '0.33' });
    await modern.load(chatModel('seven:latest', 7));
    await modern.load(chatModel('four:latest', 4.5));
    expect(modern.names()).toEqual(['four:latest']);

    const older = schedulerOnFakeClock({ profile: '0.24' });
    await older.load(chatModel('seven:latest', 7));
    await older.load(chatModel('four:latest', 4.5));
    expect(older.names()).toHaveLength(2);
  });

  it('takes the idle one first, then the shortest keep_alive, and one kept for ever last', async () => {
    const { ask, clock, load, names } = schedulerOnFakeClock({ environment: { maxLoadedModels: 3 } });
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => chatModel(`${name}:latest`, 1));
    if (!a || !b || !c || !d || !e) throw new Error('five models');
    await load(a, { keepAliveMs: Number.POSITIVE_INFINITY });
    await load(b, { keepAliveMs: 60_000 });
    await load(c, { keepAliveMs: 600_000 });
    const busy = await ask(b);
    await load(d, { keepAliveMs: 900_000 });
    expect(names().sort()).toEqual(['a:latest', 'b:latest', 'd:latest']);
    await load(e, { keepAliveMs: 900_000 });
    expect(names().sort()).toEqual(['a:latest', 'b:latest', 'e:latest']);
    busy.release();
    await clock.advance(70_000);
    expect(names().sort()).toEqual(['a:latest', 'e:latest']);
  });

  it('does not exempt a model kept for ever', async () => {
    const { load, names } = schedulerOnFakeClock({ environment: { maxLoadedModels: 1 } });
    await load(SMALL, { keepAliveMs: Number.POSITIVE_INFINITY });
    await load(MIDDLE);
    expect(names()).toEqual(['middle:latest']);
  });

  it('allows three models per GPU by default', async () => {
    const { load, names } = schedulerOnFakeClock();
    for (const name of ['a', 'b', 'c', 'd']) await load(chatModel(`${name}:latest`, 1));
    expect(names()).toHaveLength(3);
  });

  it('makes room in system memory too', async () => {
    const { load, names } = schedulerOnFakeClock({ gpus: [], systemMemoryBytes: 8 * GIB });
    await load(MIDDLE);
    await load(chatModel('four:latest', 4));
    expect(names()).toEqual(['four:latest']);
  });
});

describe('a GPU that is lost', () => {
  it('takes its runners along, and later loads land on the CPU', async () => {
    const { load, names, scheduler, shown } = schedulerOnFakeClock();
    await load(SMALL);
    await load(EMBED, { options: { num_gpu: 0 } });
    scheduler.loseGpus();
    expect(names()).toEqual(['mxbai-embed-large:latest']);
    await load(SMALL, { options: { num_gpu: 999 } });
    expect(where(shown(SMALL))).toBe('cpu');
  });
});
