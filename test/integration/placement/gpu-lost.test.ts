/** A lost GPU, over the real fleet and simulated servers: what shows it, what does not, and what ends it. */
import { describe, expect, it } from 'vitest';
import type { GpuLost, NodeView } from '../../../shared/models/fleet.ts';
import { CATALOGUE, createHarness, GIB, type MachineSetup } from './harness.ts';

const { llama31, llama32, mxbaiEmbedLarge, qwenCoder } = CATALOGUE;
const isLost = (node: NodeView) => node.gpuLost !== null;
const shownBy = (node: NodeView | null): GpuLost['shownBy'] | null => node?.gpuLost?.shownBy ?? null;

/** Ollama needs a moment to start again, in which a fleet in a hurry would count its machine as off. */
const REAL_TIME = 1;

type World = Awaited<ReturnType<typeof createHarness>>;
const lossesOf = (world: World) =>
  world.activity.list({ limit: 50 }).filter((entry) => entry.message.code === 'NODE_LOST_GPU');

async function verifiedWorld(setup: MachineSetup = {}, factor = 20) {
  const world = await createHarness([setup], { factor });
  world.preload(mxbaiEmbedLarge, -1);
  await world.until('tower', (node) => node.state === 'gpu-verified');
  return world;
}

describe('a load for the GPU that ends on the CPU', () => {
  it('shows that the GPU is lost, once, until a load gets there again', async () => {
    await using world = await verifiedWorld({}, REAL_TIME);
    world.preload(llama31, 0);
    world.control.setFault('tower', 'load-on-cpu', true);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'GPU_NOT_USED', to: 'cpu' });
    const lost = await world.until('tower', isLost);
    expect(lost).toMatchObject({ state: 'serving', gpuLost: { shownBy: 'load', restarted: false } });
    // The model that was there before shows nothing about the next load.
    expect(lost.loaded.find(({ name }) => name.startsWith('mxbai'))?.placement).toBe('gpu');
    await world.fleet.probe();
    expect(shownBy(world.fleet.get('tower'))).toBe('load');
    await world.place('llama3.1', 'gpu');
    expect(lossesOf(world)).toMatchObject([{ severity: 'warning', notify: true, nodeId: 'tower' }]);
    expect(world.placement.explain('tower', 'llama3.1')).toMatchObject({
      reason: { code: 'FAILED_LATELY' },
      next: { code: 'RESTART_OLLAMA_BY_HAND' },
    });

    // No probe may be in progress, because two that are refused in a row mean that the machine is off.
    await world.fleet.probe();
    world.control.restartOllama('tower');
    const restarted = await world.until('tower', (node) => node.gpuLost?.restarted === true);
    expect(restarted.gpuLost?.since).toBe(lost.gpuLost?.since);
    await world.place('llama3.1', 'gpu');
    await world.until('tower', (node) => node.state === 'gpu-verified');
    expect(world.fleet.get('tower')?.gpuLost).toBeNull();
    expect(lossesOf(world)).toHaveLength(1);
    expect(world.activity.list({ limit: 50 }).map(({ message }) => message.code)).toContain(
      'NODE_HAS_GPU_AGAIN',
    );
  });

  it('is a loss as well if the server chose the layers and the VRAM was free', async () => {
    await using world = await verifiedWorld();
    world.control.setFault('tower', 'load-on-cpu', true);
    await world.place('llama3.2', 'gpu');
    expect(shownBy(await world.until('tower', isLost))).toBe('load');
  });

  it('keeps the optimizer and jobs from trying in vain', async () => {
    await using world = await verifiedWorld();
    world.settings.update({ optimizer: { priorityModels: ['llama3.1'] } });
    world.preload(llama31, 0);
    world.control.setFault('tower', 'load-on-cpu', true);
    await world.place('llama3.1', 'gpu');
    await world.until('tower', isLost);
    const requests = world.requests('/api/generate');
    await world.optimizer.run(world.signal);
    const job = {
      nodeId: world.nodeId('tower'),
      model: 'llama3.1:8b',
      by: 'job',
      signal: world.signal,
    } as const;
    expect(await world.placement.ensureOnGpu(job)).toMatchObject({ placement: 'cpu', record: null });
    expect(world.requests('/api/generate')).toBe(requests);
    expect(world.optimizer.status().explanations).toContainEqual(
      expect.objectContaining({ model: 'llama3.1:8b', code: 'GPU_LOST' }),
    );
  });
});

describe('no loss', () => {
  const kept = llama32.name;
  const byModelfile = [{ ...llama32, parameters: { num_gpu: 0 } }, mxbaiEmbedLarge, llama31, qwenCoder];
  const cases: [string, MachineSetup, (world: World) => Promise<unknown>][] = [
    ['a person moves a model to the CPU', {}, (world) => world.place('mxbai-embed-large', 'cpu')],
    [
      'another program asks for the CPU',
      {},
      (world) => world.post('/api/generate', { model: kept, options: { num_gpu: 0 } }),
    ],
    [
      'a Modelfile keeps a model on the CPU',
      { models: byModelfile },
      (world) => world.post('/api/generate', { model: kept }),
    ],
    [
      'a person forces a model that its Modelfile keeps on the CPU',
      { models: byModelfile },
      (world) => world.place(kept, 'gpu'),
    ],
    [
      'a job needs a model that its Modelfile keeps on the CPU',
      { models: byModelfile },
      (world) =>
        world.placement.ensureOnGpu({ nodeId: 'tower', model: kept, by: 'job', signal: world.signal }),
    ],
    [
      'a model that is forced anyway has no room',
      { vramBytes: 3 * GIB },
      async (world) => {
        world.control.setFault('tower', 'vram-taken', true);
        return world.place('llama3.1', 'gpu', 'tower', 'person', true);
      },
    ],
    [
      'a model fits in part',
      { vramBytes: 6 * GIB },
      (world) => world.place('qwen2.5-coder:14b', 'gpu', 'tower', 'person', true),
    ],
  ];
  it.each(cases)('is shown when %s', async (_, setup, act) => {
    await using world = await verifiedWorld(setup);
    await act(world);
    await world.fleet.probe();
    expect(world.fleet.get('tower')).toMatchObject({ state: 'gpu-verified', gpuLost: null });
    expect(lossesOf(world)).toEqual([]);
  });

  it('but a doubt if a model that was on the GPU comes up on the CPU', async () => {
    await using world = await verifiedWorld();
    world.preload(llama32, -1);
    await world.until('tower', (node) => node.loaded.length === 2);
    for (const model of ['llama3.2:3b', 'mxbai-embed-large']) {
      await world.placement.unload({ model, nodeId: 'tower', signal: world.signal });
    }
    await world.until('tower', (node) => node.loaded.length === 0);
    expect(world.fleet.get('tower')?.state).toBe('gpu-verified');
    world.control.setFault('tower', 'load-on-cpu', true);
    await world.post('/api/generate', { model: 'llama3.2:3b' });
    const doubted = await world.until('tower', (node) => node.state === 'serving');
    expect(doubted.gpuLost).toBeNull();
  });
});

describe('a server that is restarted between two probes', () => {
  it('is noticed at once, although nothing was loaded', async () => {
    await using world = await createHarness([{}], { factor: REAL_TIME });
    world.settings.update({ fleet: { lookIntervalMs: 600_000 } });
    const noticed = Promise.withResolvers<string>();
    const stop = world.fleet.onRestart(noticed.resolve);
    world.control.restartOllama('tower');
    expect(await noticed.promise).toBe('tower');
    stop();
  });

  it('is not checked any more until a model is in VRAM', async () => {
    await using world = await verifiedWorld({}, REAL_TIME);
    world.control.restartOllama('tower');
    const restarted = await world.until('tower', (node) => node.state === 'serving');
    expect(restarted.gpuLost).toBeNull();
    await world.place('llama3.2', 'gpu');
    await world.until('tower', (node) => node.state === 'gpu-verified');
  });

  it('is not suspected because another program unloads all models', async () => {
    await using world = await verifiedWorld();
    await world.post('/api/embed', { model: 'mxbai-embed-large', keep_alive: 0 });
    const empty = await world.until('tower', (node) => node.loaded.length === 0);
    expect(empty.state).toBe('gpu-verified');
  });
});

describe('a runner that outlives its server', () => {
  it('is named where it takes the VRAM, with its process id', async () => {
    await using world = await createHarness([{ vramBytes: 12 * GIB }]);
    world.preload(qwenCoder, -1);
    const left = Promise.withResolvers<number>();
    const stop = world.telemetry.onSample(({ gpus }) => {
      const found = gpus.flatMap(({ processes }) => processes ?? []).find(({ leftBehind }) => leftBehind);
      if (found?.pid) left.resolve(found.pid);
    });
    await world.until('tower', (node) => node.loaded.length === 1);
    // The readings must have seen it at work.
    const working = Promise.withResolvers<void>();
    const stopWorking = world.telemetry.onSample(({ vramByModel }) => {
      if (Object.values(vramByModel).some((bytes) => bytes > 0)) working.resolve();
    });
    await working.promise.finally(stopWorking);
    world.control.setFault('tower', 'left-behind', true);
    const pid = await left.promise.finally(stop);
    expect(world.telemetry.leftBehind('tower')).toEqual(new Set([pid]));
    await world.until('tower', (node) => node.loaded.length === 0);
    const [refused] = await world.place('llama3.1', 'gpu');
    expect(refused).toMatchObject({ outcome: 'refused', code: 'VRAM_TAKEN' });
    expect(refused?.shortage?.holders[0]).toMatchObject({ name: 'llama-server', leftBehind: pid });
    world.control.setFault('tower', 'left-behind', false);
    expect(await world.place('llama3.1', 'gpu')).toMatchObject([{ outcome: 'moved' }]);
  });
});

describe('a node without a GPU', () => {
  it('is loaded once by each job, and never for the GPU', async () => {
    await using world = await createHarness([{ id: 'nas', vramBytes: 0 }]);
    const job = {
      nodeId: world.nodeId('nas'),
      model: 'mxbai-embed-large',
      by: 'job',
      signal: world.signal,
    } as const;
    for (let run = 0; run < 3; run += 1) {
      expect(await world.placement.ensureOnGpu(job)).toMatchObject({ placement: 'cpu' });
    }
    expect(world.requests('/api/embed', 'nas')).toBe(1);
    expect(world.fleet.get('nas')).toMatchObject({ hasGpu: false, gpuLost: null });
  });

  it('is not known to have none, but a load for it is not repeated by the next job', async () => {
    await using world = await createHarness([{ vramBytes: 0, remote: { vramBytes: null } }]);
    const nodeId = world.nodeId('tower');
    const job = { nodeId, model: 'mxbai-embed-large', by: 'job', signal: world.signal } as const;
    expect(await world.placement.ensureOnGpu(job)).toMatchObject({ placement: 'cpu' });
    const first = world.requests('/api/embed');
    expect(await world.placement.ensureOnGpu(job)).toMatchObject({
      placement: 'cpu',
      reason: { params: { parts: [expect.anything(), { code: 'ENDED_ON_CPU_BEFORE' }] } },
    });
    expect(world.requests('/api/embed')).toBe(first);
    expect(world.fleet.get(nodeId)).toMatchObject({ hasGpu: null, gpuLost: null });
  });
});

describe('a check of the optimizer', () => {
  it('sees a priority model that was loaded a moment ago, and says where it is and why', async () => {
    await using world = await createHarness([{}], { priorityModels: ['llama3.1'] });
    world.settings.update({ fleet: { lookIntervalMs: 600_000 } });
    expect(await world.post('/api/generate', { model: 'llama3.1:8b', options: { num_gpu: 0 } })).toBe(200);
    const { summary } = await world.optimizer.run(world.signal);
    expect(summary).toMatchObject({
      code: 'MODELS_CHECKED',
      params: { waiting: 1, named: [{ model: 'llama3.1:8b', node: 'tower', why: { code: 'SETTLES' } }] },
    });
  });
});
