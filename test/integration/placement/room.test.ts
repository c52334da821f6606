/** A move must never cost a model that was loaded: end states, as reported by the server. */
import { describe, expect, it } from 'vitest';
import { placementOf } from '../../../electron/core/fleet/model-placement.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import { CATALOGUE, createHarness, GIB } from './harness.ts';

const { llama31, llama32, mxbaiEmbedLarge, nomicEmbedText, qwenCoder } = CATALOGUE;
type World = Awaited<ReturnType<typeof createHarness>>;

const PYTHON = '/opt/torch/.venv/bin/python3';

/** What is loaded, where, with which context, and whether it stays indefinitely. */
async function state(world: World, id = 'tower') {
  const entries = (await world.ps(id)).map((model: LoadedModel) => [
    model.name,
    { placement: placementOf(model), contextLength: model.contextLength, forever: model.expiresAt === null },
  ]);
  return Object.fromEntries(entries);
}

const loadsSent = (world: World) => world.requests('/api/generate') + world.requests('/api/embed');

/** llama3.2 on the GPU indefinitely, an embedding model for half an hour with a context of its own. */
function fillCard(world: World) {
  world.preload(llama32, -1, { numCtx: 2048 });
  world.preload(nomicEmbedText, -1, { numCtx: 1024, keepAliveMs: 1_800_000 });
}

describe('with another program on the card', () => {
  it.each([
    ['a model that is not loaded', null],
    ['a model that is on the CPU', 0],
  ] as const)('%s is refused before anything is touched', async (_, preloaded) => {
    await using world = await createHarness([{}]);
    fillCard(world);
    if (preloaded !== null) world.preload(llama31, preloaded);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'refused', code: 'VRAM_TAKEN', evicted: [] });
    expect(record?.shortage?.holders).toMatchObject([{ name: 'python3' }]);
    expect(record?.shortage?.neededBytes).toBeGreaterThan(record?.shortage?.availableBytes ?? 0);
    expect(loadsSent(world)).toBe(0);
    expect(await state(world)).toEqual(before);
    world.control.holdVram('tower', 0);
    expect(await world.place('llama3.1', 'gpu')).toMatchObject([{ outcome: 'moved', to: 'gpu' }]);
  });

  it('what fits beside it is moved as usual, and a program that holds little is no obstacle', async () => {
    await using world = await createHarness([{}]);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    world.preload(mxbaiEmbedLarge, 0);
    expect(await world.place('mxbai-embed-large', 'gpu')).toMatchObject([{ outcome: 'moved', to: 'gpu' }]);
    world.control.holdVram('tower', GIB, PYTHON);
    expect(await world.place('llama3.1', 'gpu')).toMatchObject([{ outcome: 'moved', to: 'gpu' }]);
  });

  it('no program is named if the machine names none', async () => {
    await using world = await createHarness([{ hidesProcesses: true }]);
    world.control.holdVram('tower', 20 * GIB, PYTHON);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'refused', code: 'VRAM_TAKEN' });
    expect(record?.shortage?.holders).toMatchObject([{ name: null }]);
    expect(JSON.stringify(record?.reason)).not.toContain('python3');
  });

  it('a person may force it anyway: a part of it goes to the GPU', async () => {
    await using world = await createHarness([{}]);
    fillCard(world);
    world.preload(llama31, 0, { numCtx: 8192 });
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const [record] = await world.place('llama3.1', 'gpu', 'tower', 'person', true);
    expect(record).toMatchObject({ outcome: 'moved', from: 'cpu', to: 'partial', code: null });
    expect(record?.evicted.toSorted()).toEqual(['llama3.2:3b', 'nomic-embed-text:latest']);
    expect(await state(world)).toEqual({
      'llama3.1:8b': { placement: 'partial', contextLength: 8192, forever: true },
    });
  });

  it('a pinned model stays even then', async () => {
    await using world = await createHarness([{}]);
    fillCard(world);
    world.placement.pin('tower', 'llama3.2', true);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    expect(await world.place('llama3.1', 'gpu', 'tower', 'person', true)).toMatchObject([
      { outcome: 'refused', code: 'PINNED' },
    ]);
    expect(await state(world)).toEqual(before);
  });

  it('the optimizer moves nothing, and names the program', async () => {
    await using world = await createHarness([{}], { priorityModels: ['llama3.1'] });
    world.preload(llama32, -1);
    world.preload(llama31, 0);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    await world.until('tower', (node) => node.loaded.length === 2);
    expect(world.telemetry.reading('tower')?.gpus?.[0]?.processes).toContainEqual(
      expect.objectContaining({ name: PYTHON }),
    );
    const { planInput } = world.placement;
    world.placement.planInput = (node) => ({ ...planInput(node), settleMs: 0 });
    const before = await state(world);
    const { explanations } = await world.optimizer.run(world.signal);
    const explanation = explanations.find(({ model }) => model === 'llama3.1:8b');
    expect(explanation).toMatchObject({ code: 'VRAM_TAKEN', right: false });
    expect(explanation?.reason).toMatchObject({
      code: 'HAS_NO_ROOM',
      params: { shortage: { params: { holders: [{ name: 'python3' }] } } },
    });
    expect(await world.place('llama3.1', 'gpu', 'tower', 'optimizer')).toMatchObject([
      { outcome: 'refused', code: 'VRAM_TAKEN' },
    ]);
    expect(loadsSent(world)).toBe(0);
    expect(await state(world)).toEqual(before);
  });

  it('a job gets its model on the CPU, and nothing is unloaded for it', async () => {
    await using world = await createHarness([{ vramBytes: 4 * GIB }]);
    world.preload(nomicEmbedText, -1);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    const ensure = () =>
      world.placement.ensureOnGpu({
        nodeId: 'tower',
        model: 'mxbai-embed-large',
        by: 'job',
        signal: world.signal,
      });
    expect(await ensure()).toMatchObject({ placement: 'cpu', record: { code: 'VRAM_TAKEN' } });
    expect(await state(world)).toEqual({
      ...before,
      'mxbai-embed-large:latest': expect.objectContaining({ placement: 'cpu' }),
    });
    world.control.holdVram('tower', 0);
    expect(await ensure()).toMatchObject({ placement: 'gpu' });
  });

  it('a job loads nothing where Ollama would unload a model for a load on the CPU', async () => {
    await using world = await createHarness([{}]);
    fillCard(world);
    world.preload(qwenCoder, 0);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    const { placement } = await world.placement.ensureOnGpu({
      nodeId: 'tower',
      model: 'llama3.1',
      by: 'job',
      signal: world.signal,
    });
    expect(placement).toBeNull();
    expect(await state(world)).toEqual(before);
  });

  it('a pinned model is loaded for a job without pushing others out', async () => {
    await using world = await createHarness([{}]);
    fillCard(world);
    world.placement.pin('tower', 'llama3.1', true);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    const result = await world.placement.ensureOnGpu({
      nodeId: 'tower',
      model: 'llama3.1',
      by: 'job',
      signal: world.signal,
    });
    expect(result.placement).toBe('cpu');
    expect(await state(world)).toMatchObject(before);
  });
});

describe('if it is unknown what is in use', () => {
  it('the move is tried without a number of layers, and undone when it ends with less than before', async () => {
    await using world = await createHarness([{ remote: { vramBytes: 24 * GIB } }]);
    fillCard(world);
    world.preload(llama31, 0, { numCtx: 8192 });
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({
      outcome: 'failed',
      code: 'DOES_NOT_FIT',
      from: 'cpu',
      to: 'cpu',
      evicted: [],
    });
    expect(record?.restored?.toSorted()).toEqual(['llama3.2:3b', 'nomic-embed-text:latest']);
    expect(record).not.toHaveProperty('missing');
    expect(record).not.toHaveProperty('shortage');
    expect(record?.reason).toMatchObject({
      code: 'MOVE_UNDONE',
      params: {
        reason: { code: 'REST_DOES_NOT_FIT' },
        state: [{ code: 'STILL_THERE', params: { placement: 'cpu' } }, { code: 'MODELS_RELOADED' }],
      },
    });
    expect(await state(world)).toEqual(before);
  });

  it('a model that was not there before makes room again for those that were', async () => {
    await using world = await createHarness([{ remote: { vramBytes: null } }]);
    fillCard(world);
    world.control.holdVram('tower', 18 * GIB, PYTHON);
    const before = await state(world);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({
      outcome: 'failed',
      code: 'DOES_NOT_FIT',
      from: null,
      to: null,
      evicted: [],
    });
    expect(await state(world)).toEqual(before);
  });
});

describe.each(['0.33', '0.24'] as const)('a move that fails on an Ollama of the %s profile', (profile) => {
  it('by running out of memory leaves what was there, each with its place, context and time', async () => {
    await using world = await createHarness([{ profile }]);
    fillCard(world);
    world.preload(llama31, 0, { numCtx: 8192, keepAliveMs: 600_000 });
    world.control.setFault('tower', 'oom-on-explicit-layers', true);
    const before = await state(world);
    const ends = new Map((await world.ps()).map((model) => [model.name, model.expiresAt]));
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({
      outcome: 'failed',
      code: 'OUT_OF_MEMORY',
      from: 'cpu',
      to: 'cpu',
      evicted: [],
    });
    expect(record?.restored?.toSorted()).toEqual(['llama3.2:3b', 'nomic-embed-text:latest']);
    expect(await state(world)).toEqual(before);
    for (const model of await world.ps()) {
      const end = ends.get(model.name) ?? null;
      if (end !== null) expect(Math.abs((model.expiresAt ?? 0) - end)).toBeLessThan(60_000);
    }
    // Requests that follow find them as they left them.
    const runners = world.machine().ollama.scheduler.runners();
    await world.post('/api/embed', {
      model: 'nomic-embed-text',
      input: 'a text',
      options: { num_ctx: 1024 },
    });
    expect(world.machine().ollama.scheduler.runners()).toEqual(runners);
  });

  it('by being cancelled while others were unloaded for it leaves what was there', async () => {
    await using world = await createHarness([{ profile, vramBytes: 12 * GIB }]);
    world.preload(qwenCoder, -1, { keepAliveMs: 600_000 });
    world.preload(llama31, 0);
    const before = await state(world);
    world.control.setFault('tower', 'slow-load', true);
    const cancel = new AbortController();
    const moving = world.placement.place({
      model: 'llama3.1',
      target: 'gpu',
      nodeId: 'tower',
      by: 'person',
      signal: cancel.signal,
    });
    const { scheduler } = world.machine().ollama;
    await expect
      .poll(() => scheduler.runners().map((runner) => [runner.model.name, runner.state]))
      .toEqual([['llama3.1:8b', 'loading']]);
    world.control.setFault('tower', 'slow-load', false);
    cancel.abort();
    expect(await moving).toMatchObject([
      { outcome: 'failed', code: 'CANCELLED', to: 'cpu', restored: ['qwen2.5-coder:14b'] },
    ]);
    expect(await state(world)).toEqual(before);
  });

  it('by Ollama being started again under it leaves what was there', async () => {
    await using world = await createHarness([{ profile, vramBytes: 12 * GIB }]);
    world.preload(qwenCoder, -1, { keepAliveMs: 600_000 });
    world.preload(llama31, 0);
    const before = await state(world);
    world.control.setFault('tower', 'slow-load', true);
    const moving = world.place('llama3.1', 'gpu');
    const { scheduler } = world.machine().ollama;
    await expect
      .poll(() => scheduler.runners().map((runner) => [runner.model.name, runner.state]))
      .toEqual([['llama3.1:8b', 'loading']]);
    world.control.setFault('tower', 'slow-load', false);
    world.control.restartOllama('tower');
    const [record] = await moving;
    expect(record).toMatchObject({ outcome: 'failed', to: 'cpu', restored: ['qwen2.5-coder:14b'] });
    expect(await state(world)).toEqual(before);
  });

  it('by ending on the CPU leaves what was there', async () => {
    await using world = await createHarness([{ profile, environment: { maxLoadedModels: 2 } }]);
    fillCard(world);
    world.control.setFault('tower', 'false-gpu', true);
    const before = await state(world);
    const [record] = await world.place('llama3.1', 'gpu');
    world.control.setFault('tower', 'false-gpu', false);
    expect(record).toMatchObject({ outcome: 'failed', code: 'GPU_NOT_USED', from: null, to: null });
    expect(Object.keys(await state(world)).toSorted()).toEqual(Object.keys(before).toSorted());
  });
});

describe('what cannot be restored', () => {
  it('is named, in the record and as a notice, when the machine goes off during the move', async () => {
    await using world = await createHarness([{ vramBytes: 12 * GIB }]);
    world.preload(qwenCoder, -1);
    world.preload(llama31, 0);
    await world.until('tower', (node) => node.loaded.length === 2);
    world.control.setFault('tower', 'slow-load', true);
    const moving = world.place('llama3.1', 'gpu');
    await expect.poll(() => world.machine().ollama.scheduler.runners()[0]?.state).toBe('loading');
    world.control.kill('tower');
    const [record] = await moving;
    expect(record).toMatchObject({ outcome: 'failed', to: null });
    expect(record?.missing?.toSorted()).toEqual(['llama3.1:8b', 'qwen2.5-coder:14b']);
    expect(
      world.activity.list({ limit: 20 }).filter((entry) => entry.severity === 'error' && entry.notify),
    ).toHaveLength(1);
  });

  it('is named when the server no longer has it', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama32, -1);
    world.preload(llama31, 0);
    world.control.setFault('tower', 'oom-on-explicit-layers', true);
    await fetch(`${world.machine().url}/api/delete`, {
      method: 'DELETE',
      body: JSON.stringify({ model: 'llama3.2:3b' }),
    });
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'OUT_OF_MEMORY', missing: ['llama3.2:3b'] });
    expect(record?.reason).toMatchObject({
      code: 'MOVE_UNDONE',
      params: {
        reason: {
          code: 'SENTENCES',
          params: { parts: [{ code: 'SERVER_FAILURE' }, { code: 'VRAM_USED_BY' }] },
        },
        state: expect.arrayContaining([
          expect.objectContaining({
            code: 'MODELS_NOT_RELOADED',
            params: { models: [expect.objectContaining({ name: 'llama3.2:3b' })] },
          }),
        ]),
      },
    });
  });

  it('does not hold up a machine that stops answering without closing its connections', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama31, 0);
    await world.until('tower', (node) => node.loaded.length === 1);
    world.control.setFault('tower', 'slow-load', true);
    const moving = world.place('llama3.1', 'gpu');
    await expect.poll(() => world.machine().ollama.scheduler.runners()[0]?.state).toBe('loading');
    world.control.setFault('tower', 'half-open', true);
    world.control.sleep('tower');
    await world.until('tower', (node) => !isServing(node.state));
    expect(await moving).toMatchObject([
      { outcome: 'failed', code: 'HOST_UNREACHABLE', missing: ['llama3.1:8b'] },
    ]);
  });

  it('is restored quickly if Pilotlight itself stops', async () => {
    await using world = await createHarness([{ vramBytes: 12 * GIB }], { placementFactor: 1 });
    world.preload(qwenCoder, -1);
    world.preload(llama31, 0);
    const before = await state(world);
    world.control.setFault('tower', 'slow-load', true);
    const moving = world.place('llama3.1', 'gpu');
    await expect.poll(() => world.machine().ollama.scheduler.runners()[0]?.state).toBe('loading');
    world.control.setFault('tower', 'slow-load', false);
    await world.placement.stop();
    expect(await moving).toMatchObject([{ outcome: 'failed', code: 'CANCELLED' }]);
    expect(await state(world)).toEqual(before);
  });
});

describe('a model that answers requests of others', () => {
  async function busyWorld() {
    const world = await createHarness([{ remote: { vramBytes: null } }], { placementFactor: 2000 });
    world.preload(llama31, 0, { numCtx: 8192 });
    const { scheduler } = world.machine().ollama;
    const [runner] = scheduler.runners();
    if (!runner) throw new Error('it was not loaded');
    const lease = await scheduler.acquire({
      model: llama31,
      options: runner.options,
      keepAliveMs: undefined,
      signal: world.signal,
    });
    return { world, lease, runner };
  }

  it('keeps its place and its time when it is not unloaded within five minutes', async () => {
    const { world: made, lease, runner } = await busyWorld();
    await using world = made;
    const before = await state(world);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'MODEL_BUSY', from: 'cpu', to: 'cpu' });
    lease.release();
    expect(runner).toMatchObject({ ending: 'no', state: 'ready' });
    expect(await state(world)).toEqual(before);
  });

  it('keeps them when the move is cancelled while it is waited for', async () => {
    const { world: made, lease, runner } = await busyWorld();
    await using world = made;
    const before = await state(world);
    const cancel = new AbortController();
    const moving = world.placement.place({
      model: 'llama3.1',
      target: 'gpu',
      nodeId: world.nodeId('tower'),
      by: 'person',
      signal: cancel.signal,
    });
    await expect.poll(() => runner.sessionMs).toBe(0);
    cancel.abort();
    expect(await moving).toMatchObject([{ outcome: 'failed', code: 'CANCELLED', to: 'cpu' }]);
    lease.release();
    expect(runner).toMatchObject({ ending: 'no', state: 'ready' });
    expect(await state(world)).toEqual(before);
  });

  it('stays when it is pinned while its own requests are waited for', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama32, 0);
    const request = world.inFlight.begin('tower', 'llama3.2:3b');
    const moving = world.place('llama3.2', 'gpu');
    await expect.poll(() => world.requests('/api/show')).toBeGreaterThan(0);
    world.placement.pin('tower', 'llama3.2', true);
    request[Symbol.dispose]();
    expect(await moving).toMatchObject([{ outcome: 'refused', code: 'PINNED' }]);
    expect(loadsSent(world)).toBe(0);
  });
});

describe('two moves at once', () => {
  it('a job that waits for a move that fails does not undo what that restored', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama32, -1);
    world.preload(llama31, 0);
    world.control.setFault('tower', 'oom-on-explicit-layers', true);
    const before = await state(world);
    const first = world.place('llama3.1', 'gpu');
    const second = world.placement.ensureOnGpu({
      nodeId: 'tower',
      model: 'nomic-embed-text',
      by: 'job',
      signal: world.signal,
    });
    expect(await first).toMatchObject([{ outcome: 'failed', code: 'OUT_OF_MEMORY' }]);
    expect(await second).toMatchObject({ placement: 'gpu' });
    expect(await state(world)).toMatchObject(before);
  });
});
