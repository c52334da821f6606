import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, createHarness, GIB } from './harness.ts';

const { llama31, mxbaiEmbedLarge, qwenCoder, llama32 } = CATALOGUE;
type World = Awaited<ReturnType<typeof createHarness>>;

/** Runs looks until the models have been seen for long enough. */
async function settled(world: World, id = 'tower') {
  await expect
    .poll(async () => {
      const node = world.fleet.require(world.nodeId(id));
      const since = node.loaded.map((model) => world.placement.planInput(node).placedSince(model.name) ?? 0);
      return node.loaded.length > 0 && since.every((at) => at > 0);
    })
    .toBe(true);
}

/** The harness lets wall time run as it is, so settling is made short. */
async function lookAtOnce(world: World) {
  const { planInput } = world.placement;
  world.placement.planInput = (node) => ({ ...planInput(node), settleMs: 0 });
}

const codes = (status: { explanations: { model: string; code: string }[] }) =>
  Object.fromEntries(status.explanations.map(({ model, code }) => [model, code]));

describe('the optimizer', () => {
  it('brings a priority model to the GPU, leaves the others, and says what it found', async () => {
    await using world = await createHarness([{}, { id: 'nas', vramBytes: 0 }]);
    lookAtOnce(world);
    world.preload(llama31, 0);
    world.preload(llama32, 0);
    world.preload(mxbaiEmbedLarge, -1);
    world.preload(mxbaiEmbedLarge, 0, { id: 'nas' });
    await settled(world);
    await world.until('nas', (node) => node.loaded.length === 1);
    const status = await world.optimizer.run(world.signal);
    expect(status.summary).toBe('Looked at 2 machines: 1 model moved to the GPU, 2 models are right.');
    expect(status).toMatchObject({ movesToday: 1, running: false, on: false, nextLookAt: null });
    expect(status.explanations.map(({ nodeId, model, code }) => [nodeId, model, code]).sort()).toEqual([
      ['nas', 'mxbai-embed-large:latest', 'NO_GPU'],
      ['tower', 'llama3.1:8b', 'RIGHT'],
      ['tower', 'mxbai-embed-large:latest', 'RIGHT'],
    ]);
    expect(world.placement.history(10)).toMatchObject([
      { by: 'optimizer', model: 'llama3.1:8b', outcome: 'moved' },
    ]);
    expect(world.streams.optimizer.get('status')).toEqual(status);
    const seen = (await world.ps()).map((model) => [model.name, model.vramBytes > 0]);
    expect(Object.fromEntries(seen)).toEqual({
      'llama3.1:8b': true,
      'llama3.2:3b': false,
      'mxbai-embed-large:latest': true,
    });
  });

  it('does not move what was seen only a moment ago, nor what a person moved or pinned', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama31, 0);
    await settled(world);
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'SETTLING' });
    lookAtOnce(world);
    await world.place('llama3.1', 'gpu');
    await world.place('llama3.1', 'cpu');
    await world.until('tower', (node) => node.loaded[0]?.placement === 'cpu');
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'BACKING_OFF' });
    world.placement.pin('tower', 'llama3.1', true);
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'PINNED' });
    expect(world.placement.history(10)).toHaveLength(2);
  });

  it('backs off after a failure', async () => {
    await using world = await createHarness([{}]);
    lookAtOnce(world);
    world.preload(llama31, 0);
    world.control.setFault('tower', 'oom-on-explicit-layers', true);
    await settled(world);
    const first = await world.optimizer.run(world.signal);
    expect(first.summary).toContain('1 model could not be moved');
    expect(codes(first)).toEqual({ 'llama3.1:8b': 'BACKING_OFF' });
    await world.until('tower', (node) => node.loaded.length === 1);
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'BACKING_OFF' });
    expect(world.placement.history(10)).toHaveLength(1);
  });

  it('does not push out another priority model', async () => {
    await using world = await createHarness([{ vramBytes: 12 * GIB }], {
      priorityModels: ['llama3.1', 'qwen2.5-coder'],
    });
    lookAtOnce(world);
    world.preload(qwenCoder, -1);
    world.preload(llama31, 0);
    await world.until('tower', (node) => node.loaded.length === 2);
    const status = await world.optimizer.run(world.signal);
    expect(codes(status)).toEqual({ 'llama3.1:8b': 'FITS_BY_EVICTION', 'qwen2.5-coder:14b': 'RIGHT' });
    expect(status.explanations[0]).toMatchObject({ evicts: ['qwen2.5-coder:14b'] });
    expect(world.placement.history(10)).toEqual([]);
  });

  it('looks by itself once it is on, at its interval, and stops when it is off', async () => {
    await using world = await createHarness([{}]);
    lookAtOnce(world);
    world.preload(llama31, 0);
    await settled(world);
    world.settings.update({ optimizer: { on: true, intervalMs: 10_000 } });
    await expect.poll(() => world.placement.history(10).length, { timeout: 5000 }).toBe(1);
    expect(world.optimizer.status()).toMatchObject({ on: true, intervalMs: 10_000 });
    expect(world.optimizer.status().lastLookAt).not.toBeNull();
    world.settings.update({ optimizer: { on: false } });
    await expect
      .poll(() => world.streams.optimizer.get('status'))
      .toMatchObject({ on: false, nextLookAt: null, running: false });
  });

  it('remembers the moves of an earlier run', async () => {
    const moves = [
      {
        at: Date.now() - 60_000,
        nodeId: 'tower',
        nodeName: 'tower',
        model: 'llama3.1:8b',
        by: 'person' as const,
        from: 'gpu' as const,
        to: 'cpu' as const,
        wanted: 'cpu' as const,
        outcome: 'moved' as const,
        reason: 'It is on the CPU now, as asked.',
        code: null,
        durationMs: 100,
        evicted: [],
      },
    ];
    await using world = await createHarness([{}], { moves });
    lookAtOnce(world);
    world.preload(llama31, 0);
    await settled(world);
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'BACKING_OFF' });
  });
});

describe('a priority model that falls to the CPU', () => {
  const warnings = (world: World) =>
    world.activity
      .list({ limit: 100 })
      .filter((entry) => entry.kind === 'optimizer' && entry.severity === 'warning');

  it('is told once for each fall, and to the webhook', async () => {
    const received: unknown[] = [];
    const server = createServer(async (request: IncomingMessage, response) => {
      let text = '';
      for await (const part of request) text += part;
      received.push(JSON.parse(text));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using world = await createHarness([{}]);
    world.settings.update({
      optimizer: { webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` },
    });
    world.preload(llama31, -1);
    await world.until('tower', (node) => node.loaded[0]?.placement === 'gpu');
    // Somebody's request reloads it on the CPU.
    await world.post('/api/generate', { model: 'llama3.1:8b', options: { num_gpu: 0 } });
    await world.until('tower', (node) => node.loaded[0]?.placement === 'cpu');
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]).toMatchObject({
      event: 'priority-model-on-cpu',
      node: { id: 'tower', name: 'tower' },
      model: 'llama3.1:8b',
      placement: 'cpu',
      reason: expect.stringContaining('It was on the GPU before'),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(warnings(world)).toMatchObject([{ notify: true, nodeId: 'tower' }]);
    await world.fleet.probe();
    await world.fleet.probe();
    expect(warnings(world)).toHaveLength(1);
    // A second fall is told again.
    await world.place('llama3.1', 'gpu');
    await world.until('tower', (node) => node.loaded[0]?.placement === 'gpu');
    await world.post('/api/generate', { model: 'llama3.1:8b', options: { num_gpu: 0 } });
    await expect.poll(() => received.length).toBe(2);
    expect(warnings(world)).toHaveLength(2);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is told when it comes up on the CPU of a machine with a GPU, not on one without', async () => {
    await using world = await createHarness([{}, { id: 'nas', vramBytes: 0 }]);
    world.preload(mxbaiEmbedLarge, 0);
    world.preload(mxbaiEmbedLarge, 0, { id: 'nas' });
    await world.until('tower', (node) => node.loaded.length === 1);
    await world.until('nas', (node) => node.loaded.length === 1);
    expect(warnings(world).map((entry) => entry.nodeId)).toEqual(['tower']);
  });

  it('is not told to the person who put it there', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama31, -1);
    await world.until('tower', (node) => node.loaded[0]?.placement === 'gpu');
    await world.place('llama3.1', 'cpu');
    await world.until('tower', (node) => node.loaded[0]?.placement === 'cpu');
    await world.fleet.probe();
    expect(warnings(world)).toEqual([]);
  });

  it('a webhook that fails is a warning and no more', async () => {
    await using world = await createHarness([{}]);
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    world.settings.update({ optimizer: { webhookUrl: `http://127.0.0.1:${port}` } });
    world.preload(llama31, 0);
    await expect.poll(() => warnings(world).map((entry) => entry.message.code)).toContain('WEBHOOK_FAILED');
    expect(warnings(world)).toHaveLength(2);
  });
});
