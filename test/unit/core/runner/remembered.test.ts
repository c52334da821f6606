/** A core that was restarted knows the runners of machines that sleep. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createInFlight } from '../../../../electron/core/acquire/in-flight.ts';
import { createDoorBackend } from '../../../../electron/core/immich/backend.ts';
import { createKeepAwake } from '../../../../electron/core/immich/keep-awake.ts';
import type { RunnerRecord } from '../../../../shared/models/runner.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeLeases, nodeView } from '../../../fakes/indexing.ts';
import { aRunnerModel, aRunnerStatus } from '../../../fakes/runner.ts';
import {
  createRunnerWorld,
  memoryRunner,
  type RunnerWorld,
  runnerNodeOf,
  thisComputer,
  urlOf,
} from '../../../fakes/runner-world.ts';

const GRAPHS = ['clip/m/visual'];
const need = { kind: 'picture', graphs: GRAPHS } as const;
const off = { state: 'off', canWake: true } as const;
let saved: Map<string, RunnerRecord>;
beforeEach(() => {
  saved = new Map();
});

/** Two machines with agents: only `tower` has Immich's models. */
function worldOf(state: 'serving' | 'off', saved: Map<string, RunnerRecord>): RunnerWorld {
  const own = state === 'off' ? off : {};
  const nodes = [thisComputer, runnerNodeOf('attic', own), runnerNodeOf('tower', own)];
  const world = createRunnerWorld(nodes, createFakeClock(), saved);
  world.runners.set(urlOf('attic'), memoryRunner(world.clock));
  const models = [aRunnerModel({ name: 'big', hash: 'b'.repeat(64), provider: 'cuda' })];
  const status = aRunnerStatus({ provider: 'cuda', immich: GRAPHS, models });
  world.runners.set(urlOf('tower'), memoryRunner(world.clock, { status }));
  return world;
}

/** It has seen both awake, and is restarted while they sleep. */
async function restarted(): Promise<RunnerWorld> {
  const before = worldOf('serving', saved);
  await before.start();
  await before.service.stop();
  const world = worldOf('off', saved);
  world.agentsHeard = false;
  await world.start();
  return world;
}

type AgentsViewOf = Parameters<typeof createDoorBackend>[0]['agents']['view'];

function backendOf(world: RunnerWorld) {
  const leases = createFakeLeases(() => ({ [Symbol.dispose]() {} }));
  return createDoorBackend({
    ...{ clock: world.clock, runners: world.service, fleet: world.fleet },
    agents: { view: () => ({ version: null, roles: [] }) as unknown as ReturnType<AgentsViewOf> },
    wakes: world.power,
    inFlight: createInFlight({ clock: world.clock }),
    keepAwake: createKeepAwake({ clock: world.clock, leases }),
    hasFolder: () => false,
  });
}

describe('after a restart', () => {
  it('Immich’s door wakes the one machine that has the models', async () => {
    const backend = backendOf(await restarted());
    expect(backend.sleepers(need).map(({ id }) => id)).toEqual(['tower']);
    const other = { kind: 'picture', graphs: ['clip/other/visual'] } as const;
    expect(backend.sleepers(other)).toEqual([]);
    expect(backend.missing(other)).toEqual(['clip/other/visual']);
  });

  it('without anything saved, each machine with an agent may have them', async () => {
    const world = worldOf('off', new Map());
    world.agentsHeard = false;
    await world.start();
    const backend = backendOf(world);
    expect(backend.sleepers(need).map(({ id }) => id)).toEqual(['attic', 'tower']);
    expect(backend.missing(need)).toEqual([]);
  });

  it('a job finds the sleeping machine with its model, and nothing is asked of it', async () => {
    const world = await restarted();
    const node = world.service.fleet.get('tower');
    expect(node).toMatchObject({ state: 'off', canWake: true, hasGpu: true, loaded: [] });
    expect(node?.installed.map(({ digest }) => digest)).toEqual(['b'.repeat(64)]);
    await world.clock.advance(60_000);
    expect(world.runners.get(urlOf('tower'))?.probes).toBe(0);
    expect(world.service.list().find(({ nodeId }) => nodeId === 'tower')).toMatchObject({
      state: 'unreachable',
      status: { provider: 'cuda', ready: false, models: [{ state: 'on-disk', provider: null }] },
    });
  });

  it('notices that the GPU which it used before is lost', async () => {
    const world = await restarted();
    const runner = world.runners.get(urlOf('tower'));
    if (runner) runner.status = { ...runner.status, provider: 'cpu' };
    world.agentsHeard = true;
    world.fleet.patch('tower', { state: 'serving', canWake: false });
    await world.clock.advance(1);
    expect(world.service.list().find(({ nodeId }) => nodeId === 'tower')?.problem?.code).toBe(
      'RUNNER_GPU_LOST',
    );
  });
});

describe('what is saved', () => {
  it('is written when it changes, not at each probe', async () => {
    const world = worldOf('serving', saved);
    let writes = 0;
    const { set } = saved;
    saved.set = function count(...entry) {
      writes += 1;
      return set.call(this, ...entry);
    };
    await world.start();
    const runner = world.runners.get(urlOf('tower'));
    expect(writes).toBe(2);
    if (runner === undefined) throw new Error('There is no runner.');
    runner.status = { ...runner.status, uptimeSeconds: 99, queue: { queries: 1, bulk: 2, pictures: 3 } };
    await world.clock.advance(60_000);
    expect(writes).toBe(2);
    runner.status = { ...runner.status, immich: [] };
    await world.clock.advance(10_000);
    expect(writes).toBe(3);
    expect(saved.get('tower')).toMatchObject({ from: 'agent', url: urlOf('tower'), status: { immich: [] } });
  });

  it('says nothing of an agent at another address, and ends with the role', async () => {
    const world = await restarted();
    world.fleet.patch('tower', { agentUrl: 'http://elsewhere:8765' });
    await world.clock.flush();
    expect(world.service.list().map(({ nodeId }) => nodeId)).toEqual(['here', 'attic']);
    expect([...saved.keys()]).toEqual(['attic']);
  });

  it('keeps a runner at an address of the settings, too, and never this computer’s', async () => {
    const world = createRunnerWorld([thisComputer, nodeView({ id: 'nas' })], createFakeClock(), saved);
    world.runners.set('http://box:7000', memoryRunner(world.clock));
    world.local.models = true;
    world.settings = { ...world.settings, runner: { ...world.settings.runner, urls: ['http://box:7000'] } };
    await world.start();
    expect([...saved.values()].map(({ nodeId, from }) => [nodeId, from])).toEqual([
      ['runner:box:7000', 'address'],
    ]);
    world.set({ urls: [] });
    await world.clock.flush();
    expect(saved.size).toBe(0);
  });
});
