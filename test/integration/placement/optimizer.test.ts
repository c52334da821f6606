import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fact } from '../../../shared/models/message.ts';
import { textOf } from '../../../shared/text/index.ts';
import { CATALOGUE, createHarness, GIB } from './harness.ts';

const { llama31, mxbaiEmbedLarge, qwenCoder, llama32 } = CATALOGUE;
type World = Awaited<ReturnType<typeof createHarness>>;

/** Resolves once the loaded models have been observed. */
async function settled(world: World, id = 'tower') {
  await expect
    .poll(() => {
      const node = world.fleet.require(world.nodeId(id));
      const since = node.loaded.map((model) => world.placement.planInput(node).placedSince(model.name) ?? 0);
      return node.loaded.length > 0 && since.every((at) => at > 0);
    })
    .toBe(true);
}

/** Settling is made short, because the harness runs in real time. */
function withoutSettling(world: World) {
  const { planInput } = world.placement;
  world.placement.planInput = (node) => ({ ...planInput(node), settleMs: 0 });
}

const codes = (status: { explanations: { model: string; code: string }[] }) =>
  Object.fromEntries(status.explanations.map(({ model, code }) => [model, code]));

describe('the optimizer', () => {
  it('moves a priority model to the GPU and no other, and reports what it found', async () => {
    await using world = await createHarness([{}, { id: 'nas', vramBytes: 0 }]);
    withoutSettling(world);
    world.preload(llama31, 0);
    world.preload(llama32, 0);
    world.preload(mxbaiEmbedLarge, -1);
    world.preload(mxbaiEmbedLarge, 0, { id: 'nas' });
    await settled(world);
    await world.until('nas', (node) => node.loaded.length === 1);
    const status = await world.optimizer.run(world.signal);
    expect(status.summary).toEqual(
      fact('MODELS_CHECKED', { nodes: 2, moved: 1, failed: 0, waiting: 0, right: 2 }),
    );
    expect(status).toMatchObject({ running: false, on: false, nextLookAt: null });
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

  it('does not move a model that has just been loaded, or that a person moved or pinned', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama31, 0);
    await settled(world);
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'SETTLING' });
    withoutSettling(world);
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
    withoutSettling(world);
    world.preload(llama31, 0);
    world.control.setFault('tower', 'oom-on-explicit-layers', true);
    await settled(world);
    const first = await world.optimizer.run(world.signal);
    expect(first.summary).toEqual(
      fact('MODELS_CHECKED', { nodes: 1, moved: 0, failed: 1, waiting: 0, right: 0 }),
    );
    expect(codes(first)).toEqual({ 'llama3.1:8b': 'BACKING_OFF' });
    await world.until('tower', (node) => node.loaded.length === 1);
    expect(codes(await world.optimizer.run(world.signal))).toEqual({ 'llama3.1:8b': 'BACKING_OFF' });
    expect(world.placement.history(10)).toHaveLength(1);
  });

  it('does not unload another priority model', async () => {
    await using world = await createHarness([{ vramBytes: 12 * GIB }], {
      priorityModels: ['llama3.1', 'qwen2.5-coder'],
    });
    withoutSettling(world);
    world.preload(qwenCoder, -1);
    world.preload(llama31, 0);
    await world.until('tower', (node) => node.loaded.length === 2);
    const status = await world.optimizer.run(world.signal);
    expect(codes(status)).toEqual({ 'llama3.1:8b': 'FITS_BY_EVICTION', 'qwen2.5-coder:14b': 'RIGHT' });
    expect(status.explanations[0]).toMatchObject({ evicts: ['qwen2.5-coder:14b'] });
    expect(world.placement.history(10)).toEqual([]);
  });

  it('checks at its interval once it is on, and stops when it is off', async () => {
    await using world = await createHarness([{}]);
    withoutSettling(world);
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
        reason: fact('MOVED_TO_CPU'),
        code: null,
        durationMs: 100,
        evicted: [],
      },
    ];
    await using world = await createHarness([{}], { moves });
    withoutSettling(world);
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

  it('is reported once for each fall, and to the webhook', async () => {
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
    // Another client's request reloads it on the CPU.
    await world.post('/api/generate', { model: 'llama3.1:8b', options: { num_gpu: 0 } });
    await world.until('tower', (node) => node.loaded[0]?.placement === 'cpu');
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]).toMatchObject({
      event: 'priority-model-on-cpu',
      node: { id: 'tower', name: 'tower' },
      model: 'llama3.1:8b',
      placement: 'cpu',
      reason: textOf(fact('RELOADED_WITHOUT_GPU', { before: 'gpu' })),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(warnings(world)).toMatchObject([
      {
        notify: true,
        nodeId: 'tower',
        message: fact('MODEL_FELL_TO_CPU', { model: 'llama3.1:8b', node: 'tower' }),
        why: fact('RELOADED_WITHOUT_GPU', { before: 'gpu' }),
      },
    ]);
    await world.fleet.probe();
    await world.fleet.probe();
    expect(warnings(world)).toHaveLength(1);
    // A second fall is reported again.
    await world.place('llama3.1', 'gpu');
    await world.until('tower', (node) => node.loaded[0]?.placement === 'gpu');
    await world.post('/api/generate', { model: 'llama3.1:8b', options: { num_gpu: 0 } });
    await expect.poll(() => received.length).toBe(2);
    expect(warnings(world)).toHaveLength(2);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is reported if it is loaded on the CPU of a machine with a GPU, but not on one without', async () => {
    await using world = await createHarness([{}, { id: 'nas', vramBytes: 0 }]);
    world.preload(mxbaiEmbedLarge, 0);
    world.preload(mxbaiEmbedLarge, 0, { id: 'nas' });
    await world.until('tower', (node) => node.loaded.length === 1);
    await world.until('nas', (node) => node.loaded.length === 1);
    expect(warnings(world).map((entry) => entry.nodeId)).toEqual(['tower']);
  });

  it('is not reported to the person who moved it there', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama31, -1);
    await world.until('tower', (node) => node.loaded[0]?.placement === 'gpu');
    await world.place('llama3.1', 'cpu');
    await world.until('tower', (node) => node.loaded[0]?.placement === 'cpu');
    await world.fleet.probe();
    expect(warnings(world)).toEqual([]);
  });

  it('causes only a warning if the webhook fails', async () => {
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
