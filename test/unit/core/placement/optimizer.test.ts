/** When and what the optimizer checks, on a fake clock. */
import { afterEach, describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../../../electron/core/placement/move-history.ts';
import { createOptimizer, type Optimizer } from '../../../../electron/core/placement/optimizer.ts';
import type { PlanInput } from '../../../../electron/core/placement/plan.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import { defaultSettings, type Settings } from '../../../../shared/models/settings.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { noStreams } from '../../../fakes/http.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { aLoaded, aMoveOf, aNode, GB, planInput } from './support.ts';

const second = 1000;
const minute = 60 * second;
const optimizers: Optimizer[] = [];

afterEach(async () => {
  for (const optimizer of optimizers.splice(0)) await optimizer.stop();
});

/** By default one node with one priority model on its CPU. `plan` returns what is known about it at a time. */
function createWorld(
  plan: (now: number) => Partial<PlanInput> = () => ({}),
  nodes: readonly NodeView[] = [aNode({ loaded: [aLoaded()] })],
) {
  const clock = createFakeClock();
  const began = clock.now();
  let settings: Settings = {
    ...defaultSettings,
    optimizer: { ...defaultSettings.optimizer, on: true, intervalMs: minute },
  };
  const listeners = new Set<(now: Settings, before: Settings) => void>();
  const nodeListeners = new Set<(node: NodeView | null, previous: NodeView | null) => void>();
  let shown = [...nodes];
  const checks: number[] = [];
  const moves: number[] = [];
  const movedOn: (string | null)[] = [];
  const optimizer = createOptimizer({
    clock,
    random: () => 0.5,
    log: silentLog,
    http: { ...noStreams, request: () => Promise.reject(new Error('Nothing is posted here.')) },
    streams: createStreams({ clock, epoch: 'test' }),
    settings: {
      current: () => settings,
      secret: () => null,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    activity: { record: (entry) => ({ why: '', nodeId: null, notify: false, ...entry, at: 0, id: 1 }) },
    fleet: {
      list: () => shown,
      onChange(listener) {
        nodeListeners.add(listener);
        return () => nodeListeners.delete(listener);
      },
      probe: async () => {},
    },
    placement: {
      planInput(of) {
        const now = clock.now();
        return planInput(of, { now, ...plan(now - began) });
      },
      async place({ nodeId }) {
        moves.push(clock.now() - began);
        movedOn.push(nodeId);
        return [aMoveOf({ at: clock.now() })];
      },
      onMove: () => () => {},
    },
  });
  optimizers.push(optimizer);
  return {
    clock,
    optimizer,
    /** When it moved a model, since the start. */
    moves,
    movedOn,
    /** Advances the clock; returns when checks began until now, since the start. */
    async checksWithin(ms: number): Promise<number[]> {
      for (let waited = 0; waited < ms; waited += second) {
        await clock.advance(second);
        const last = optimizer.status().lastLookAt;
        if (last !== null && last - began !== checks.at(-1)) checks.push(last - began);
      }
      return [...checks];
    },
    /** What a probe of the node shows from now on. */
    show(node: NodeView) {
      const previous = shown.find(({ id }) => id === node.id) ?? null;
      shown = [...shown.filter(({ id }) => id !== node.id), node];
      for (const listener of nodeListeners) listener(node, previous);
    },
    at: (time: number | null) => (time === null ? null : time - began),
    set(change: Partial<Settings['optimizer']>) {
      const before = settings;
      settings = { ...settings, optimizer: { ...settings.optimizer, ...change } };
      for (const listener of listeners) listener(settings, before);
    },
  };
}

/** A model that has been in its place since 0. */
const seenFor =
  (settleMs: number, began = createFakeClock().now()) =>
  () => ({ settleMs, placedSince: () => began });

describe('a model that has not been in its place for long', () => {
  it('is checked again as soon as it has, not after a whole interval', async () => {
    const world = createWorld(seenFor(30 * second));
    world.optimizer.start();
    expect(await world.checksWithin(25 * second)).toEqual([20 * second]);
    expect(world.at(world.optimizer.status().nextLookAt)).toBe(30 * second);
    await world.checksWithin(10 * second);
    expect(world.moves).toEqual([30 * second]);
    expect(world.at(world.optimizer.status().nextLookAt)).toBe(90 * second);
  });

  it('waits for the regular check if that is earlier, and for no other', async () => {
    const world = createWorld(seenFor(5 * minute));
    world.optimizer.start();
    await world.checksWithin(25 * second);
    expect(world.at(world.optimizer.status().nextLookAt)).toBe(80 * second);
    // The regular check is later now, and so is the next check that is shown.
    world.set({ intervalMs: 20 * minute });
    const shown = world.at(world.optimizer.status().nextLookAt);
    expect(shown).toBe(25 * second + 20 * minute);
    expect(await world.checksWithin(20 * minute - second)).toEqual([20 * second]);
    expect(world.moves).toEqual([]);
    await world.checksWithin(2 * second);
    expect(world.moves).toEqual([shown]);
  });

  it('is not checked early while the optimizer is paused, even after a check by hand', async () => {
    const world = createWorld(seenFor(30 * second));
    world.optimizer.start();
    await world.optimizer.pause();
    await world.optimizer.run(new AbortController().signal);
    expect(world.optimizer.status()).toMatchObject({ on: true, nextLookAt: null });
    await world.clock.advance(10 * minute);
    expect(world.moves).toEqual([]);
    world.optimizer.resume();
    await world.clock.advance(minute);
    expect(world.moves).toHaveLength(1);
  });
});

describe('a priority model that falls to the CPU', () => {
  const onGpu = aNode({ loaded: [aLoaded({ vramBytes: 6 * GB })] });
  const onCpu = aNode({ loaded: [aLoaded()] });
  const fellAt = 25 * second;
  const settles = () => {
    const began = createFakeClock().now();
    return { settleMs: 10 * second, placedSince: () => began + fellAt };
  };

  it('is checked at once, and moved as soon as it has settled', async () => {
    const world = createWorld(settles, [onGpu]);
    world.optimizer.start();
    expect(await world.checksWithin(fellAt)).toEqual([20 * second]);
    world.show(onCpu);
    expect(await world.checksWithin(5 * second)).toEqual([20 * second, fellAt]);
    expect(world.moves).toEqual([]);
    await world.checksWithin(10 * second);
    expect(world.moves).toEqual([fellAt + 10 * second]);
  });

  it.each(['paused', 'off'])('is not checked while the optimizer is %s', async (how) => {
    const world = createWorld(settles, [onGpu]);
    world.optimizer.start();
    if (how === 'paused') await world.optimizer.pause();
    else world.set({ on: false });
    await world.clock.advance(fellAt);
    world.show(onCpu);
    await world.clock.advance(minute);
    expect([world.moves, world.optimizer.status().lastLookAt]).toEqual([[], null]);
  });
});

it('a model that backs off is not checked early', async () => {
  const retryAt = createFakeClock().now() + 30 * second;
  const world = createWorld(() => ({
    history: () => ({ ...NO_HISTORY, failures: 1, retryAt, lastReason: plainText('No.') }),
  }));
  world.optimizer.start();
  await world.checksWithin(25 * second);
  expect(world.optimizer.status().explanations).toMatchObject([{ code: 'BACKING_OFF' }]);
  expect(world.at(world.optimizer.status().nextLookAt)).toBe(80 * second);
});

describe('a server that cannot move models', () => {
  const cannotMove = (changes: Parameters<typeof aNode>[0] = {}) => {
    const node = aNode({ id: 'fixed', name: 'fixed', loaded: [aLoaded()], ...changes });
    const capabilities = node.server?.capabilities.filter((capability) => capability !== 'moves') ?? [];
    return { ...node, server: node.server && { ...node.server, capabilities } };
  };
  const run = (world: ReturnType<typeof createWorld>) => world.optimizer.run(new AbortController().signal);

  it('is not checked', async () => {
    const world = createWorld(undefined, [cannotMove(), aNode({ state: 'off' })]);
    const status = await run(world);
    expect(status).toMatchObject({ summary: fact('NOTHING_TO_CHECK'), explanations: [] });
    expect(world.movedOn).toEqual([]);
  });

  it('does not keep others from being checked', async () => {
    const world = createWorld(undefined, [cannotMove(), aNode({ loaded: [aLoaded()] })]);
    const status = await run(world);
    expect(status.summary).toEqual(
      fact('MODELS_CHECKED', { nodes: 1, moved: 1, failed: 0, waiting: 0, right: 0 }),
    );
    expect(world.movedOn).toEqual(['node_1']);
    expect(status.explanations.map(({ nodeId }) => nodeId)).toEqual(['node_1']);
  });
});

it('has a summary before its first check', () => {
  expect(createWorld().optimizer.status().summary).toEqual(fact('NOT_CHECKED_YET'));
});
