import { describe, expect, it } from 'vitest';
import type { AcquireStep } from '../../../../electron/core/acquire/model.ts';
import { createHealthTracker } from '../../../../electron/core/acquire/node-health.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { createAcquireWorld } from '../../../fakes/acquire.ts';
import { embeddingModel, modelName, nodeView } from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, canWake: true, state: 'gpu-verified' });
const asleep = { ...tower, state: 'off' as const };
const nas = nodeView({ id: 'nas', hasGpu: false });
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error) => error.code ?? error,
  );

describe('an acquisition', () => {
  it('of a server that is ready is counted in flight and holds a lease until it is released', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    const acquired = await acquire(world.request());
    expect(acquired).toMatchObject({ nodeId: 'nas', name: 'nas', model: modelName, placement: null });
    expect(acquired.server.url).toBe('http://nas:11434');
    expect(world.inFlight.count('nas', modelName)).toBe(1);
    expect(world.leases).toEqual(['+ nas a test']);
    const second = acquired.begin();
    expect(world.inFlight.count('nas', modelName)).toBe(2);
    second[Symbol.dispose]();
    await acquired[Symbol.asyncDispose]();
    await acquired[Symbol.asyncDispose]();
    expect(world.inFlight.onNode('nas')).toBe(0);
    expect(world.leases).toEqual(['+ nas a test', '- nas a test']);
    expect(world.woken).toEqual([]);
  });

  it('that is held for many requests counts only those', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    await using acquired = await acquire(world.request({ counts: 'each' }));
    expect(world.inFlight.onNode('nas')).toBe(0);
    using _ = acquired.begin();
    expect(world.inFlight.count('nas', modelName)).toBe(1);
  });

  it('that is brief holds no lease', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    await using _ = await acquire(world.request({ brief: true }));
    expect(world.leases).toEqual([]);
    expect(world.inFlight.onNode('nas')).toBe(1);
  });

  it('wakes the machine, waits for its models, and places the model, under one lease', async () => {
    const { acquire, world } = createAcquireWorld([{ ...asleep, installed: [] }]);
    world.wakesUp();
    const steps: string[] = [];
    const probed: string[] = [];
    world.fleet.probeSoon = (nodeId) => void probed.push(nodeId);
    const acquiring = acquire(
      world.request({
        gpu: 'needed',
        wake: true,
        by: 'task',
        onStep: (step: AcquireStep) => void steps.push(step.step),
      }),
    );
    expect(world.leases).toEqual(['+ tower a test']);
    await world.clock.advance(20_000);
    expect(steps).toEqual(['waking', 'awake']);
    expect(probed).toEqual(['tower']);
    world.fleet.patch('tower', { installed: [embeddingModel()] });
    const acquired = await acquiring;
    expect(acquired).toMatchObject({ nodeId: 'tower', placement: 'gpu', reason: plainText('It fits.') });
    expect(steps).toEqual(['waking', 'awake', 'placing']);
    expect(world.woken).toEqual(['tower task']);
    expect(world.placed).toEqual([`tower ${modelName} task`]);
    expect(world.leases).toEqual(['+ tower a test']);
    await acquired[Symbol.asyncDispose]();
    expect(world.leases).toEqual(['+ tower a test', '- tower a test']);
    expect(world.clock.pending()).toBe(0);
  });

  it('prefers the node that has the model on its GPU, then the idle one', async () => {
    const { acquire, world } = createAcquireWorld([nas, nodeView({ id: 'other' })]);
    const first = await acquire(world.request());
    const second = await acquire(world.request());
    expect([first.nodeId, second.nodeId]).toEqual(['nas', 'other']);
    const third = await acquire(world.request({ except: new Set(['nas']) }));
    expect(third.nodeId).toBe('other');
  });

  it('shares a lease with others for the same purpose, and with no others', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    const one = await acquire(world.request());
    const two = await acquire(world.request());
    const other = await acquire(world.request({ purpose: plainText('another') }));
    const task = await acquire(world.request({ by: 'task' }));
    expect(world.kinds).toEqual(['request', 'request', 'task']);
    await one[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    expect(world.leases).toEqual(['+ nas a test', '+ nas another', '+ nas a test']);
    await two[Symbol.asyncDispose]();
    expect(world.leases.at(-1)).toBe('- nas a test');
    expect(world.leases).toHaveLength(4);
    await other[Symbol.asyncDispose]();
    await task[Symbol.asyncDispose]();
    expect(world.leases).toHaveLength(6);
  });

  it('a person asks for never holds a lease that outlives the program', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    await using _ = await acquire(world.request({ by: 'person' }));
    expect(world.kinds).toEqual(['request']);
  });

  it('says where the model is loaded already', async () => {
    const loaded = {
      ...embeddingModel(),
      vramBytes: 1,
      expiresAt: null,
      contextLength: 512,
      placement: 'partial' as const,
      gpuShare: 0.5,
      priority: true,
      pinned: false,
      flagged: false,
    };
    const { acquire, world } = createAcquireWorld([{ ...tower, loaded: [loaded] }]);
    await using acquired = await acquire(world.request());
    expect(acquired.placement).toBe('partial');
    expect(world.placed).toEqual([]);
  });

  it('of a server that can do certain things needs no model', async () => {
    const { acquire, world } = createAcquireWorld([nodeView({ id: 'nas', installed: [] })]);
    const { model: _, ...request } = world.request();
    await using acquired = await acquire({ ...request, requirement: { capabilities: [] } });
    expect(acquired.model).toBeNull();
    expect(world.inFlight.onNode('nas')).toBe(1);
    const missing = acquire({ ...request, requirement: { capabilities: ['streams'] } });
    expect(await code(missing)).toBe('NO_SERVER');
  });
});

describe('an acquisition that finds no node', () => {
  it.each([
    ['MODEL_NOT_FOUND', []],
    ['NODE_ASLEEP', [asleep]],
  ] as const)('fails with %s', async (expected, nodes) => {
    const { acquire, world } = createAcquireWorld([...nodes]);
    expect(await code(acquire(world.request()))).toBe(expected);
    expect(world.leases).toEqual([]);
  });

  it('waits for a first probe, unless it may not', async () => {
    const { acquire, world } = createAcquireWorld([{ ...nas, state: 'unknown' }]);
    expect(await code(acquire(world.request({ whenNone: 'fail' })))).toBe('NODE_ASLEEP');
    const acquiring = acquire(world.request());
    await world.clock.flush();
    world.fleet.patch('nas', { state: 'serving' });
    expect((await acquiring).nodeId).toBe('nas');
  });

  it('waits for one as long as its signal allows, where it may', async () => {
    const { acquire, world } = createAcquireWorld([{ ...nas, state: 'off' }]);
    const controller = new AbortController();
    const left = acquire(world.request({ whenNone: 'wait', signal: controller.signal }));
    const stays = acquire(world.request({ whenNone: 'wait' }));
    await world.clock.advance(600_000);
    controller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await expect(acquire(world.request({ signal: controller.signal }))).rejects.toThrow('gone');
    expect(world.leases).toEqual([]);
    world.fleet.patch('nas', { state: 'serving' });
    expect((await stays).nodeId).toBe('nas');
  });

  it('fails when the core stops, and no longer begins', async () => {
    const { acquire, service, world } = createAcquireWorld([{ ...nas, state: 'off' }]);
    const waiting = code(acquire(world.request({ whenNone: 'wait' })));
    await world.clock.flush();
    service.stop();
    expect(await waiting).toBe('STOPPING');
    world.fleet.patch('nas', { state: 'serving' });
    expect(await code(acquire(world.request()))).toBe('STOPPING');
    expect(world.leases).toEqual([]);
  });

  it('fails with what kept the last one from waking', async () => {
    const { acquire, world } = createAcquireWorld([asleep]);
    world.power.ensureAwake = () => Promise.reject(new PilotlightError('WAKE_TIMEOUT'));
    expect(await code(acquire(world.request({ wake: true })))).toBe('WAKE_TIMEOUT');
    expect(world.leases).toEqual(['+ tower a test', '- tower a test']);
    // It is not woken again for every request that comes.
    expect(await code(acquire(world.request({ wake: true })))).toBe('NODE_ASLEEP');
    expect(world.woken).toHaveLength(1);
    // A person starts afresh.
    expect(await code(acquire(world.request({ wake: true, by: 'person' })))).toBe('WAKE_TIMEOUT');
  });

  it('gives up a wake with its signal, and ends the lease', async () => {
    const { acquire, world } = createAcquireWorld([asleep]);
    world.wakesUp();
    const controller = new AbortController();
    const acquiring = acquire(world.request({ wake: true, signal: controller.signal }));
    await world.clock.advance(1000);
    controller.abort(new Error('gone'));
    await expect(acquiring).rejects.toThrow('gone');
    expect(world.leases).toEqual(['+ tower a test', '- tower a test']);
    expect(world.clock.pending()).toBe(0);
  });

  it('tries a machine that did not wake again after five minutes, or once it is there', async () => {
    const { acquire, world } = createAcquireWorld([asleep]);
    world.power.ensureAwake = () => Promise.reject(new PilotlightError('WAKE_TIMEOUT'));
    const acquiring = acquire(world.request({ wake: true, whenNone: 'wait' }));
    await world.clock.advance(299_999);
    expect(world.woken).toHaveLength(1);
    await world.clock.advance(1);
    expect(world.woken).toHaveLength(2);
    world.fleet.patch('tower', { state: 'serving' });
    expect((await acquiring).nodeId).toBe('tower');
    expect(world.leases).toHaveLength(5);
  });

  it('takes the next machine where one comes up without the model', async () => {
    const { acquire, world } = createAcquireWorld([{ ...asleep, installed: [] }, nas]);
    world.wakesUp();
    const acquiring = acquire(world.request({ wake: true, gpu: 'needed' }));
    await world.clock.advance(25_000);
    expect(await acquiring).toMatchObject({ nodeId: 'nas' });
    expect(world.leases).toEqual(['+ tower a test', '+ nas a test', '- tower a test']);
  });
});

describe('a GPU that is needed', () => {
  it('and cannot be used: the CPU serves under the same lease', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    world.placement.ensureOnGpu = async () => ({ placement: 'cpu', reason: plainText('No room.') });
    await using acquired = await acquire(world.request({ gpu: 'needed' }));
    expect(acquired.nodeId).toBe('tower');
    expect(world.placed).toHaveLength(1);
    expect(world.leases).toEqual(['+ tower a test']);
  });

  it('and cannot be used: it is an error where no CPU will do', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    world.placement.ensureOnGpu = async () => ({ placement: null, reason: plainText('No room.') });
    const acquiring = acquire(world.request({ gpu: 'needed', whenGpuGone: 'wait' }));
    await expect(acquiring).rejects.toMatchObject({ code: 'GPU_NOT_USED', message: 'No room.' });
    expect(world.leases).toEqual(['+ tower a test', '- tower a test']);
  });

  it('is answered honestly for a node that was named', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    world.placement.ensureOnGpu = async () => ({ placement: 'cpu', reason: plainText('No room.') });
    await using acquired = await acquire(world.request({ gpu: 'needed', nodeId: 'tower' }));
    expect(acquired).toMatchObject({ placement: 'cpu', reason: plainText('No room.') });
  });

  it('takes a part of it for enough', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    world.placement.ensureOnGpu = async () => ({ placement: 'partial', reason: plainText('Most of it.') });
    await using acquired = await acquire(world.request({ gpu: 'needed' }));
    expect(acquired.placement).toBe('partial');
  });
});

describe('a node that was named', () => {
  const rows: [string, string, NodeView][] = [
    ['NOT_FOUND', 'nobody', nas],
    ['NODE_ASLEEP', 'tower', asleep],
    ['MODEL_NOT_FOUND', 'nas', { ...nas, installed: [embeddingModel({ digest: 'e'.repeat(64) })] }],
    ['NO_SERVER', 'nas', { ...nas, url: null }],
  ];
  it.each(rows)('fails with %s', async (expected, nodeId, node) => {
    const { acquire, world } = createAcquireWorld([node]);
    expect(await code(acquire(world.request({ nodeId })))).toBe(expected);
    expect(world.leases).toEqual([`+ ${nodeId} a test`, `- ${nodeId} a test`]);
    expect(world.inFlight.onNode(nodeId)).toBe(0);
  });

  it('that goes off while its model is placed is not handed over', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    world.placement.ensureOnGpu = async () => {
      world.fleet.patch('tower', { state: 'off' });
      return { placement: 'gpu', reason: plainText('') };
    };
    expect(await code(acquire(world.request({ nodeId: 'tower', gpu: 'needed' })))).toBe('NODE_ASLEEP');
    expect(world.leases).toEqual(['+ tower a test', '- tower a test']);
  });

  it('is not handed over to a caller that has left', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    const controller = new AbortController();
    world.placement.ensureOnGpu = async () => {
      controller.abort(new Error('gone'));
      return { placement: 'gpu', reason: plainText('') };
    };
    const request = world.request({ nodeId: 'tower', gpu: 'needed', signal: controller.signal });
    await expect(acquire(request)).rejects.toThrow('gone');
    expect(world.leases).toEqual(['+ tower a test', '- tower a test']);
    expect(world.inFlight.onNode('tower')).toBe(0);
  });

  it('has five seconds to list its models', async () => {
    const { acquire, world } = createAcquireWorld([{ ...nas, installed: [] }]);
    const acquiring = code(acquire(world.request({ nodeId: 'nas' })));
    await world.clock.advance(4999);
    expect(world.clock.pending()).toBe(1);
    await world.clock.advance(1);
    expect(await acquiring).toBe('MODEL_NOT_FOUND');
  });
});

describe('what a request says of its node', () => {
  it('opens its breaker, whose trial is one request', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    const first = await acquire(world.request());
    expect(first.failed(new PilotlightError('SERVER_BUSY'))).toEqual({
      kind: 'busy',
      failures: 0,
      breaker: 'closed',
    });
    expect(first.failed(new PilotlightError('HOST_UNREACHABLE'))).toMatchObject({ failures: 1 });
    expect(first.failed(new PilotlightError('HOST_TIMEOUT'))).toEqual({
      kind: 'unavailable',
      failures: 0,
      breaker: 'open',
    });
    await first[Symbol.asyncDispose]();
    expect(await code(acquire(world.request()))).toBe('SERVER_BUSY');
    await world.clock.advance(5000);
    const trial = await acquire(world.request());
    expect(trial.breaker()).toBe('half-open');
    expect(await code(acquire(world.request()))).toBe('SERVER_BUSY');
    const waiting = acquire(world.request({ whenNone: 'wait' }));
    await world.clock.flush();
    expect(world.inFlight.onNode('nas')).toBe(1);
    trial.succeeded();
    await trial[Symbol.asyncDispose]();
    expect((await waiting).breaker()).toBe('closed');
  });

  it('ends a trial also where the node did not become ready', async () => {
    const { acquire, world } = createAcquireWorld([tower]);
    const request = world.request({ gpu: 'needed' });
    const first = await acquire(request);
    first.failed(new PilotlightError('HOST_TIMEOUT'));
    await world.clock.advance(5000);
    const { ensureOnGpu } = world.placement;
    world.placement.ensureOnGpu = () => Promise.reject(new PilotlightError('HOST_UNREACHABLE'));
    expect(await code(acquire(request))).toBe('HOST_UNREACHABLE');
    world.placement.ensureOnGpu = ensureOnGpu;
    await world.clock.advance(10_000);
    expect((await acquire(request)).breaker()).toBe('half-open');
  });

  it('is known to others, unless the work keeps its own account', async () => {
    const { acquire, world } = createAcquireWorld([nas]);
    const acquired = await acquire(world.request());
    acquired.failed(new PilotlightError('HOST_TIMEOUT'));
    const health = createHealthTracker({ clock: world.clock });
    expect((await acquire(world.request({ health }))).nodeId).toBe('nas');
    expect(await code(acquire(world.request()))).toBe('SERVER_BUSY');
    world.fleet.patch('nas', { state: 'off' });
    world.fleet.patch('nas', { state: 'serving' });
    expect((await acquire(world.request())).nodeId).toBe('nas');
  });
});
