import { describe, expect, it } from 'vitest';
import { placementOf } from '../../../electron/core/fleet/model-placement.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import { CATALOGUE, createHarness, GIB } from './harness.ts';

const { llama31, mxbaiEmbedLarge, qwenCoder, llama32, nomicEmbedText } = CATALOGUE;

describe.each(['0.33', '0.24'] as const)('a move on an Ollama of the %s profile', (profile) => {
  it('brings a chat model from the CPU to the GPU with one load, and keeps its time and its context', async () => {
    await using world = await createHarness([{ profile }]);
    world.preload(llama31, 0, { numCtx: 8192 });
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({
      outcome: 'moved',
      from: 'cpu',
      to: 'gpu',
      model: 'llama3.1:8b',
      code: null,
    });
    const [model] = await world.ps();
    expect(model).toMatchObject({ contextLength: 8192, expiresAt: null });
    expect(model && placementOf(model)).toBe('gpu');
    expect(world.requests('/api/generate')).toBe(1);
    await world.until(
      'tower',
      (view) => view.state === 'gpu-verified' && view.loaded[0]?.placement === 'gpu',
    );
  });

  it('brings an embedding model to the GPU by its capabilities, and traffic does not reload it', async () => {
    await using world = await createHarness([{ profile }]);
    world.preload(mxbaiEmbedLarge, 0, { keepAliveMs: 1_800_000 });
    const before = (await world.ps())[0];
    const [record] = await world.place('mxbai-embed-large', 'gpu');
    expect(record).toMatchObject({ outcome: 'moved', to: 'gpu' });
    expect(world.requests('/api/embed')).toBe(1);
    const after = (await world.ps())[0];
    expect(after?.contextLength).toBe(before?.contextLength);
    expect(Math.abs((after?.expiresAt ?? 0) - (before?.expiresAt ?? 0))).toBeLessThan(3000);
    const runner = world.machine().ollama.scheduler.runners()[0];
    await world.post('/api/embed', { model: 'mxbai-embed-large', input: 'a text' });
    expect(world.machine().ollama.scheduler.runners()[0]).toBe(runner);
  });

  it('brings a model to the CPU and back again for a person', async () => {
    await using world = await createHarness([{ profile }]);
    world.preload(llama32, -1);
    const [down] = await world.place('llama3.2:3b', 'cpu');
    expect(down).toMatchObject({ outcome: 'moved', from: 'gpu', to: 'cpu' });
    expect((await world.ps())[0]).toMatchObject({ vramBytes: 0, expiresAt: null });
    const [up] = await world.place('llama3.2:3b', 'gpu');
    expect(up).toMatchObject({ outcome: 'moved', from: 'cpu', to: 'gpu' });
  });

  it('does not load a model again that is already there', async () => {
    await using world = await createHarness([{ profile }]);
    world.preload(llama32, -1);
    const [record] = await world.place('llama3.2:3b', 'gpu');
    expect(record).toMatchObject({ outcome: 'already-right', from: 'gpu', to: 'gpu' });
    expect(world.requests('/api/generate')).toBe(0);
  });

  it('loads a model that is not loaded', async () => {
    await using world = await createHarness([{ profile }]);
    expect(await world.place('llama3.2', 'gpu')).toMatchObject([{ outcome: 'moved', from: null, to: 'gpu' }]);
    expect(await world.place('nomic-embed-text', 'cpu')).toMatchObject([
      { outcome: 'moved', from: null, to: 'cpu' },
    ]);
    expect(await world.ps()).toHaveLength(2);
  });

  it('is undone if an explicit number of layers runs out of memory', async () => {
    await using world = await createHarness([{ profile }]);
    world.preload(llama31, 0, { numCtx: 8192 });
    world.control.setFault('tower', 'oom-on-explicit-layers', true);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'OUT_OF_MEMORY', from: 'cpu', to: 'cpu' });
    expect(record).not.toHaveProperty('missing');
    expect(await world.ps()).toMatchObject([{ vramBytes: 0, contextLength: 8192, expiresAt: null }]);
    // The next try lets the server choose.
    expect(await world.place('llama3.1', 'gpu')).toMatchObject([{ outcome: 'moved', to: 'gpu' }]);
  });

  it('reports that the GPU is not used if the server did not detect it', async () => {
    await using world = await createHarness([{ profile }]);
    world.control.setFault('tower', 'no-gpu-discovered', true);
    await world.until('tower', (node) => node.state === 'serving');
    world.preload(llama31, -1);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'GPU_NOT_USED', to: 'cpu' });
    expect(record?.reason).toEqual(fact('LOADED_ON_CPU_INSTEAD', { node: 'tower', contradicted: false }));
    await world.until('tower', (node) => node.loaded.length === 1);
    expect(world.placement.explain('tower', 'llama3.1')).toMatchObject({ code: 'GPU_LOST', right: false });
    expect(world.fleet.get('tower')?.state).toBe('serving');
  });

  it('does not believe a false 100% GPU', async () => {
    await using world = await createHarness([{ profile }]);
    world.preload(mxbaiEmbedLarge, 0);
    world.control.setFault('tower', 'false-gpu', true);
    const [record] = await world.place('mxbai-embed-large', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'GPU_NOT_USED', to: 'cpu' });
    const [shown] = await world.ps();
    expect(shown?.vramBytes).toBe(shown?.sizeBytes);
  });

  it('names what was evicted', async () => {
    await using world = await createHarness([{ profile, vramBytes: 12 * GIB }]);
    world.preload(qwenCoder, -1, { keepAliveMs: 600_000 });
    world.preload(llama31, 0);
    await world.until('tower', (node) => node.loaded.length === 2);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'moved', to: 'gpu', evicted: ['qwen2.5-coder:14b'] });
    expect(record?.reason).toMatchObject({
      code: 'MOVED_TO_GPU',
      params: { evicted: ['qwen2.5-coder:14b'], location: { params: { placement: 'gpu' } } },
    });
  });

  it('refuses what does not fit, with the figures, and leaves it as it is', async () => {
    await using world = await createHarness([{ profile, vramBytes: 4 * GIB }]);
    world.preload(qwenCoder, -1, { keepAliveMs: 600_000 });
    const [record] = await world.place('qwen2.5-coder:14b', 'gpu');
    expect(record).toMatchObject({
      outcome: 'refused',
      code: 'DOES_NOT_FIT',
      from: 'partial',
      to: 'partial',
    });
    expect(record?.shortage).toMatchObject({
      totalBytes: 4 * GIB,
      // What the desktop and the runner's own context take is not available.
      availableBytes: 3.5 * GIB - (profile === '0.33' ? 588 * 1024 ** 2 : 0),
      measured: true,
    });
    expect(world.requests('/api/generate')).toBe(0);
  });
});

describe('what a move does not touch', () => {
  it('a pinned model, a node without a GPU, a victim that is pinned', async () => {
    await using world = await createHarness([{ vramBytes: 16 * GIB }, { id: 'nas', vramBytes: 0 }]);
    world.preload(llama31, 0);
    world.placement.pin('tower', 'llama3.1', true);
    expect(world.placement.isPinned('tower', 'llama3.1:8b')).toBe(true);
    await world.until('tower', (node) => node.loaded[0]?.pinned === true);
    expect(await world.place('llama3.1', 'gpu')).toMatchObject([{ outcome: 'refused', code: 'PINNED' }]);
    expect(await world.place('llama3.1', 'gpu', 'nas')).toMatchObject([
      { outcome: 'refused', code: 'NO_GPU' },
    ]);
    world.placement.pin('tower', 'llama3.1', false);
    world.preload(qwenCoder, -1);
    world.placement.pin('tower', 'qwen2.5-coder', true);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({
      outcome: 'refused',
      code: 'PINNED',
      reason: fact('WOULD_UNLOAD_PINNED', { models: ['qwen2.5-coder:14b'] }),
    });
    expect(world.requests('/api/generate')).toBe(0);
  });

  it('a model with requests of our own in flight, until they end', async () => {
    await using world = await createHarness([{}], { placementFactor: 200 });
    world.preload(llama32, 0);
    const request = world.inFlight.begin('tower', 'llama3.2:3b');
    expect(await world.place('llama3.2', 'gpu')).toMatchObject([{ outcome: 'refused', code: 'MODEL_BUSY' }]);
    expect(world.inFlight.count('tower', 'llama3.2:3b')).toBe(1);
    const moving = world.place('llama3.2', 'gpu');
    request[Symbol.dispose]();
    expect(await moving).toMatchObject([{ outcome: 'moved' }]);
    expect(world.inFlight.count('tower', 'llama3.2:3b')).toBe(0);
  });

  it('a second move on the same node', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama32, 0);
    const first = world.place('llama3.2', 'gpu');
    await expect(world.place('nomic-embed-text', 'gpu')).rejects.toMatchObject({ code: 'MOVE_IN_PROGRESS' });
    expect(await first).toMatchObject([{ outcome: 'moved' }]);
  });
});

describe('a person', () => {
  it('deletes a model while another one is moved there: it waits for its turn, and can be given up', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama32, 0);
    const moving = world.place('llama3.2', 'gpu');
    const request = { model: 'nomic-embed-text', nodeId: 'tower', anyway: false };
    const given = new AbortController();
    const givenUp = world.placement.remove({ ...request, signal: given.signal });
    given.abort(new PilotlightError('CANCELLED'));
    await expect(givenUp).rejects.toMatchObject({ code: 'CANCELLED' });
    const order: string[] = [];
    const deleted = world.placement
      .remove({ ...request, signal: new AbortController().signal })
      .then(() => order.push('deleted'));
    void moving.then(() => order.push('moved'));
    expect(await moving).toMatchObject([{ outcome: 'moved' }]);
    await deleted;
    expect(order).toEqual(['moved', 'deleted']);
  });

  it('moves a model on all nodes that have it, and learns why it cannot be moved on one', async () => {
    await using world = await createHarness([
      {},
      { id: 'nas', vramBytes: 0 },
      { id: 'other', models: [llama32] },
    ]);
    world.preload(mxbaiEmbedLarge, 0);
    const records = await world.place('mxbai-embed-large', 'gpu', null);
    const byNode = Object.fromEntries(
      records.map((record) => [record.nodeId, [record.outcome, record.code]]),
    );
    expect(byNode).toEqual({ tower: ['moved', null], nas: ['refused', 'NO_GPU'] });
    expect(world.streams.moves.values()).toHaveLength(2);
    expect(world.placement.history(10)).toHaveLength(2);
  });

  it('gets an error if no machine has the model, or not this one', async () => {
    await using world = await createHarness([{ models: [llama32] }]);
    await expect(world.place('nothing', 'gpu', null)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(world.place('nothing', 'gpu')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(world.place('x', 'gpu', 'no-such-node')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('moves all priority models at once', async () => {
    await using world = await createHarness([{}], { priorityModels: ['llama3.2', 'nomic-embed-text'] });
    world.preload(llama32, 0);
    world.preload(nomicEmbedText, 0);
    world.preload(qwenCoder, 0);
    await world.until('tower', (node) => node.loaded.length === 3);
    const records = await world.placement.placeAll({
      target: 'gpu',
      nodeId: null,
      by: 'person',
      signal: world.signal,
    });
    expect(records.map((record) => [record.model, record.outcome]).sort()).toEqual([
      ['llama3.2:3b', 'moved'],
      ['nomic-embed-text:latest', 'moved'],
    ]);
  });

  it('unloads a model, unless it is pinned or not there', async () => {
    await using world = await createHarness([{}]);
    const unload = () => world.placement.unload({ model: 'llama3.2', nodeId: 'tower', signal: world.signal });
    await expect(unload()).rejects.toMatchObject({ code: 'NOT_LOADED' });
    world.preload(llama32, -1);
    world.placement.pin('tower', 'llama3.2', true);
    await expect(unload()).rejects.toMatchObject({ code: 'PINNED' });
    world.placement.pin('tower', 'llama3.2', false);
    await unload();
    expect(await world.ps()).toEqual([]);
  });
});

describe('if the VRAM is unknown', () => {
  it('the server chooses: unload, wait until it is gone, load', async () => {
    await using world = await createHarness([{ remote: { vramBytes: null } }]);
    world.preload(llama31, 0);
    const [record] = await world.place('llama3.1', 'gpu');
    expect(record).toMatchObject({ outcome: 'moved', from: 'cpu', to: 'gpu' });
    expect(world.machine().ollama.scheduler.runners()[0]?.options.numGpu).toBe(-1);
    expect((await world.ps())[0]).toMatchObject({ expiresAt: null });
  });

  it('a model that fits only partly is reported as partial', async () => {
    await using world = await createHarness([{ remote: { vramBytes: null }, vramBytes: 6 * GIB }]);
    world.preload(qwenCoder, 0);
    const [record] = await world.place('qwen2.5-coder', 'gpu');
    expect(record).toMatchObject({ outcome: 'failed', code: 'DOES_NOT_FIT', from: 'cpu', to: 'partial' });
    expect(record?.reason).toMatchObject({
      code: 'REST_DOES_NOT_FIT',
      params: { location: { params: { placement: 'partial' } } },
    });
  });

  it('a context that requests had set is kept, even if it equals a default', async () => {
    await using world = await createHarness([{ remote: { vramBytes: null } }]);
    world.preload(llama31, 0, { numCtx: 4096 });
    expect(world.machine().ollama.scheduler.defaultContext()).toBe(32_768);
    expect(await world.place('llama3.1', 'gpu')).toMatchObject([{ outcome: 'moved', to: 'gpu' }]);
    expect((await world.ps())[0]?.contextLength).toBe(4096);
  });
});

describe('for a job', () => {
  const ensure = (world: Awaited<ReturnType<typeof createHarness>>, model: string, id = 'tower') =>
    world.placement.ensureOnGpu({ nodeId: world.nodeId(id), model, by: 'job', signal: world.signal });

  it('the model is loaded onto the GPU, once', async () => {
    await using world = await createHarness([{}]);
    expect(await ensure(world, 'mxbai-embed-large')).toMatchObject({
      placement: 'gpu',
      record: { outcome: 'moved', by: 'job' },
    });
    expect(await ensure(world, 'mxbai-embed-large')).toMatchObject({ placement: 'gpu', record: null });
    expect(world.requests('/api/embed')).toBe(1);
    await world.until('tower', (node) => node.state === 'gpu-verified');
  });

  it('the CPU is reported as the CPU', async () => {
    await using world = await createHarness([{}, { id: 'nas', vramBytes: 0 }]);
    expect(await ensure(world, 'mxbai-embed-large', 'nas')).toMatchObject({ placement: 'cpu', record: null });
    world.control.setFault('tower', 'no-gpu-discovered', true);
    await world.until('tower', (node) => node.state === 'serving');
    const { placement, reason } = await ensure(world, 'mxbai-embed-large');
    expect(placement).toBe('cpu');
    expect(reason).toEqual(fact('LOADED_ON_CPU_INSTEAD', { node: 'tower', contradicted: false }));
  });

  it('it waits for another move', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama32, 0);
    const first = world.place('llama3.2', 'gpu');
    expect(await ensure(world, 'mxbai-embed-large')).toMatchObject({ placement: 'gpu' });
    expect(await first).toMatchObject([{ outcome: 'moved' }]);
  });

  it('a machine that drops out is an error', async () => {
    await using world = await createHarness([{}]);
    world.control.setFault('tower', 'slow-load', true);
    const waiting = ensure(world, 'llama3.1');
    await expect.poll(() => world.machine().ollama.scheduler.runners().length).toBe(1);
    world.control.kill('tower');
    await expect(waiting).rejects.toMatchObject({ code: expect.stringMatching(/^HOST_/) });
    await expect(ensure(world, 'nothing', 'tower')).rejects.toMatchObject({ code: expect.any(String) });
  });
});

describe('a stuck scheduler', () => {
  it('is detected by the age of the load, reported once, and gets no loads until it is restarted', async () => {
    await using world = await createHarness([{}], { placementFactor: 2000 });
    world.preload(llama32, 0);
    world.control.setFault('tower', 'wedge', true);
    const cancel = new AbortController();
    const moving = world.placement.place({
      model: 'llama3.1',
      target: 'gpu',
      nodeId: 'tower',
      by: 'person',
      signal: cancel.signal,
    });
    const stuck = () =>
      world.activity.list({ limit: 50 }).filter(({ message }) => message.code === 'MODEL_DOES_NOT_LOAD');
    await expect.poll(() => stuck().length).toBe(1);
    expect(stuck()[0]).toMatchObject({
      severity: 'error',
      notify: true,
      nodeId: 'tower',
      message: fact('MODEL_DOES_NOT_LOAD', { model: 'llama3.1:8b', node: 'tower' }),
      why: { code: 'LOADS_BLOCKED', params: { stuck: { code: 'LOAD_STUCK' }, node: null } },
    });
    const wedged = await world.until('tower', (node) => node.wedged !== null);
    expect(wedged.wedged).toMatchObject({
      model: 'llama3.1:8b',
      reason: { code: 'LOADS_DO_NOT_END' },
      next: { code: 'RESTART_OLLAMA_FOR_LOADS_BY_HAND', params: { here: false, agent: false } },
    });
    cancel.abort();
    expect(await moving).toMatchObject([{ outcome: 'failed', code: 'CANCELLED' }]);
    const loads = world.requests('/api/generate');
    expect(await world.place('llama3.2', 'gpu')).toMatchObject([{ outcome: 'refused', code: 'SERVER_BUSY' }]);
    expect(world.requests('/api/generate')).toBe(loads);
    world.control.setFault('tower', 'wedge', false);
    world.control.kill('tower');
    await world.until('tower', (node) => !isServing(node.state));
    world.control.wake('tower');
    await world.until('tower', (node) => isServing(node.state));
    expect((await world.until('tower', (node) => node.wedged === null)).wedged).toBeNull();
    expect(await world.place('llama3.2', 'gpu')).toMatchObject([{ outcome: 'moved' }]);
  });

  it('is detected by the requests of other programs, without a single request of its own but to read', async () => {
    await using world = await createHarness([{}], { placementFactor: 2000 });
    world.preload(llama32, -1);
    await world.until('tower', ({ loaded }) => loaded.length > 0);
    world.control.setFault('tower', 'wedge', true);
    const before = world.machine().ollama.log().length;
    const waiting = new AbortController();
    const asked = fetch(`${world.machine().url}/api/generate`, {
      method: 'POST',
      body: JSON.stringify({ model: 'llama3.1:8b', prompt: 'hi' }),
      signal: waiting.signal,
    }).catch(() => null);
    // A request for a loaded model is no load, however long it takes.
    world.placement.observeRequests('tower', { 'llama3.1:8b': Date.now(), 'llama3.2:3b': Date.now() });
    const { wedged } = await world.until('tower', (node) => node.wedged !== null);
    expect(wedged).toMatchObject({ model: 'llama3.1:8b' });
    const probes = world
      .machine()
      .ollama.log()
      .slice(before)
      .filter(({ path }) => path !== '/api/generate')
      .map(({ method, path }) => `${method} ${path}`);
    const reads = ['GET /api/ps', 'GET /api/tags', 'GET /api/version', 'POST /api/show', 'GET /'];
    expect(probes.filter((probe) => !reads.includes(probe))).toEqual([]);
    expect(probes.length).toBeGreaterThan(0);
    expect(await world.post('/api/generate', { model: 'llama3.2:3b', prompt: 'hi' })).toBe(200);
    waiting.abort();
    await asked;
    // It works again, and loads what another program asks for.
    world.control.setFault('tower', 'wedge', false);
    expect(await world.post('/api/generate', { model: 'nomic-embed-text', prompt: 'hi' })).toBe(400);
    expect(await world.post('/api/embed', { model: 'nomic-embed-text', input: 'hi' })).toBe(200);
    await world.until('tower', (node) => node.wedged === null);
  });

  it('a cancelled move is undone', async () => {
    await using world = await createHarness([{}]);
    world.preload(llama31, 0);
    world.control.setFault('tower', 'slow-load', true);
    const cancel = new AbortController();
    const moving = world.placement.place({
      model: 'llama3.1',
      target: 'gpu',
      nodeId: 'tower',
      by: 'person',
      signal: cancel.signal,
    });
    await expect
      .poll(() =>
        world
          .machine()
          .ollama.scheduler.runners()
          .some((runner) => runner.state === 'loading'),
      )
      .toBe(true);
    world.control.setFault('tower', 'slow-load', false);
    cancel.abort();
    expect(await moving).toMatchObject([{ outcome: 'failed', code: 'CANCELLED', from: 'cpu', to: 'cpu' }]);
    expect(await world.ps()).toMatchObject([{ vramBytes: 0, expiresAt: null }]);
  });
});
