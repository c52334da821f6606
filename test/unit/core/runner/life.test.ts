import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { RunnerView } from '../../../../shared/models/runner.ts';
import { aRunnerModel, aRunnerStatus, statusOn } from '../../../fakes/runner.ts';
import {
  createRunnerWorld,
  localUrl,
  memoryRunner,
  runnerNodeOf,
  thisComputer,
  unreachable,
  urlOf,
} from '../../../fakes/runner-world.ts';

const never = new AbortController().signal;

function withLocal() {
  const world = createRunnerWorld();
  const runner = memoryRunner(world.clock);
  world.runners.set(localUrl, runner);
  const view = (): RunnerView => {
    const [only] = world.service.list();
    if (only === undefined) throw new Error('There is no runner.');
    return only;
  };
  return { world, runner, view };
}

describe('the runner of this computer', () => {
  it('does not start just because Pilotlight does', async () => {
    const { world, view } = withLocal();
    await world.start();
    await world.clock.advance(600_000);
    expect(world.local.opened).toBe(0);
    expect(view()).toMatchObject({ nodeId: 'here', state: 'off', url: '', status: null, problem: null });
  });

  it('starts with Pilotlight once it has a model', async () => {
    const { world, view } = withLocal();
    world.local.models = true;
    await world.start();
    expect(view()).toMatchObject({ state: 'ready', url: localUrl, status: { version: '1.0.0' } });
    expect(world.streams.runners.get('here')).toMatchObject({ state: 'ready' });
  });

  it('is started and stopped by a person', async () => {
    const { world, view } = withLocal();
    await world.start();
    await expect(world.service.startLocal(never)).resolves.toMatchObject({ state: 'ready' });
    await expect(world.service.stopLocal()).resolves.toMatchObject({ state: 'off' });
    expect(world.local.stopped).toBe(1);
    await world.clock.advance(600_000);
    expect([world.local.opened, view().state]).toEqual([1, 'off']);
    world.service.need();
    await world.clock.advance(1);
    expect([world.local.opened, view().state]).toEqual([2, 'ready']);
  });

  it('starts again by itself when it ends, waiting longer each time', async () => {
    const { world, view } = withLocal();
    await world.start();
    await world.service.startLocal(never);
    const waits: number[] = [];
    for (let end = 0; end < 4; end += 1) {
      const opened = world.local.opened;
      const endedAt = world.clock.monotonic();
      world.local.end(1);
      expect(view()).toMatchObject({ state: 'failed', problem: { code: 'RUNNER_NOT_STARTED' } });
      while (world.local.opened === opened) await world.clock.advance(50);
      waits.push(world.clock.monotonic() - endedAt);
    }
    expect(waits).toEqual([250, 500, 1000, 2000]);
    expect(view()).toMatchObject({ state: 'ready', problem: null });
    // After a minute of health, the next end is the first one again.
    await world.clock.advance(61_000);
    world.local.end(1);
    await world.clock.advance(1100);
    expect(world.local.opened).toBe(6);
  });

  it('of another program is used, shown as such, and replaced at once when that has ended', async () => {
    const { world, view } = withLocal();
    await world.start();
    world.local.sharedFrom = '/home/me/other';
    await world.service.startLocal(never);
    expect(view()).toMatchObject({ state: 'ready', sharedFrom: '/home/me/other' });
    world.local.sharedFrom = null;
    world.local.end(null);
    await world.clock.advance(0);
    expect(view()).toMatchObject({ state: 'ready', sharedFrom: null, problem: null });
    expect(world.local.opened).toBe(2);
  });

  it('that cannot be started says why, tries again, and a person may try at once', async () => {
    const { world, view } = withLocal();
    await world.start();
    world.local.fails = true;
    await expect(world.service.startLocal(never)).rejects.toMatchObject({ code: 'RUNNER_NOT_STARTED' });
    expect(view()).toMatchObject({ state: 'failed', problem: { code: 'RUNNER_NOT_STARTED' } });
    world.local.fails = false;
    await expect(world.service.startLocal(never)).resolves.toMatchObject({ state: 'ready' });
  });

  it('is not there while it is switched off, and what needs it says so', async () => {
    const { world } = withLocal();
    await world.start();
    await world.service.startLocal(never);
    world.set({ on: false });
    await world.clock.advance(1);
    expect([world.local.stopped, world.service.list()]).toEqual([1, []]);
    expect(world.streams.runners.keys()).toEqual([]);
    world.service.need();
    await expect(world.service.startLocal(never)).rejects.toMatchObject({ code: 'RUNNER_OFF' });
    await world.clock.advance(60_000);
    expect(world.local.opened).toBe(1);
  });

  it('starts again with other options when a setting changes, and only then', async () => {
    const { world, view } = withLocal();
    await world.start();
    await world.service.startLocal(never);
    world.set({ batchSize: 64 });
    await world.clock.advance(1);
    expect(world.local.opened).toBe(1);
    world.set({ provider: 'cpu' });
    await world.clock.advance(1);
    expect([world.local.opened, world.local.stopped, view().state]).toEqual([2, 1, 'ready']);
  });

  it('ends with the core', async () => {
    const { world } = withLocal();
    await world.start();
    await world.service.startLocal(never);
    await world.service.stop();
    expect(world.local.stopped).toBe(1);
    expect(world.clock.pending()).toBe(0);
  });
});

describe('the runner of another machine', () => {
  function withTower() {
    const world = createRunnerWorld([thisComputer, runnerNodeOf('tower')]);
    const tower = memoryRunner(world.clock, { status: statusOn('cuda') });
    world.runners.set(urlOf('tower'), tower);
    const view = () => world.service.list().find(({ nodeId }) => nodeId === 'tower');
    return { world, tower, view };
  }

  it('is asked every 10 seconds, and not at all while its machine sleeps', async () => {
    const { world, tower, view } = withTower();
    await world.start();
    const before = tower.probes;
    await world.clock.advance(60_000);
    expect(tower.probes - before).toBeGreaterThanOrEqual(5);
    expect(tower.probes - before).toBeLessThanOrEqual(7);
    world.fleet.patch('tower', { state: 'off' });
    await world.clock.flush();
    const asleep = tower.probes;
    expect(view()).toMatchObject({ state: 'unreachable', problem: null, status: { provider: 'cuda' } });
    await world.clock.advance(600_000);
    expect(tower.probes).toBe(asleep);
    world.fleet.patch('tower', { state: 'serving' });
    await world.clock.flush();
    expect([tower.probes, view()?.state]).toEqual([asleep + 1, 'ready']);
  });

  it.each([
    ['does not answer', unreachable(), 'unreachable', 'HOST_UNREACHABLE'],
    ['answers with a web page', new PilotlightError('NOT_A_RUNNER'), 'unreachable', 'NOT_A_RUNNER'],
    ['refuses the token', new PilotlightError('RUNNER_REFUSED'), 'unreachable', 'RUNNER_REFUSED'],
  ] as const)('that %s is shown with that problem, and recovers', async (_, error, state, code) => {
    const { world, tower, view } = withTower();
    await world.start();
    tower.probe = () => Promise.reject(error);
    await world.clock.advance(11_000);
    expect(view()).toMatchObject({ state, problem: { code } });
    expect(world.service.fleet.get('tower')?.state).toBe('trouble');
    tower.probe = async () => tower.status;
    await world.clock.advance(11_000);
    expect(view()).toMatchObject({ state: 'ready', problem: null });
  });

  it('that hangs when it is asked does not hold up the others', async () => {
    const { world, tower } = withTower();
    world.runners.set(localUrl, memoryRunner(world.clock));
    await world.start();
    await world.service.startLocal(never);
    tower.probe = () => new Promise(() => {});
    const here = world.runners.get(localUrl);
    const before = here?.probes ?? 0;
    await world.clock.advance(60_000);
    expect((here?.probes ?? 0) - before).toBeGreaterThanOrEqual(3);
    expect(world.service.list().find(({ nodeId }) => nodeId === 'tower')).toMatchObject({
      problem: { code: 'HOST_TIMEOUT' },
    });
  });

  it('that is late once is still used', async () => {
    const { world, tower, view } = withTower();
    await world.start();
    tower.probe = () => new Promise(() => {});
    await world.clock.advance(17_000);
    expect(view()).toMatchObject({ state: 'ready', problem: null });
  });

  it('that is starting is not ready, and no failure', async () => {
    const { world, tower, view } = withTower();
    tower.status = aRunnerStatus({ ready: false });
    await world.start();
    expect(view()).toMatchObject({ state: 'starting', problem: null });
    expect(world.service.fleet.get('tower')?.state).toBe('booting');
  });

  it('that woke without its GPU has lost it: told once, and again when it is back', async () => {
    const { world, tower, view } = withTower();
    await world.start();
    const cpu = statusOn('cpu');
    tower.status = {
      ...cpu,
      ladder: [
        {
          provider: 'cuda',
          state: 'failed',
          ms: null,
          cpuMs: null,
          agreement: null,
          share: null,
          reason: null,
        },
      ],
    };
    world.fleet.patch('tower', { state: 'off' });
    world.fleet.patch('tower', { state: 'serving' });
    await world.clock.advance(30_000);
    expect(view()).toMatchObject({
      state: 'ready',
      problem: { code: 'RUNNER_GPU_LOST' },
      status: { provider: 'cpu' },
    });
    expect(world.service.fleet.get('tower')?.hasGpu).toBe(false);
    expect(world.activity).toMatchObject([
      { nodeId: 'tower', notify: true, message: { code: 'RUNNER_GPU_GONE', params: { provider: 'cuda' } } },
    ]);
    tower.status = statusOn('cuda');
    await world.clock.advance(11_000);
    expect(view()?.problem).toBeNull();
    expect(world.activity[1]).toMatchObject({ severity: 'success', message: { code: 'RUNNER_RECOVERED' } });
  });

  it('whose CPU is faster for every model has lost nothing', async () => {
    const { world, tower, view } = withTower();
    await world.start();
    tower.status = {
      ...statusOn('cpu'),
      ladder: [{ provider: 'cuda', state: 'slower', ms: 9, cpuMs: 3, agreement: 1, share: 1, reason: null }],
    };
    await world.clock.advance(11_000);
    expect(view()?.problem).toBeNull();
  });

  it('is gone when its agent loses the role', async () => {
    const { world } = withTower();
    await world.start();
    world.fleet.patch('tower', { agentUrl: null });
    await world.clock.flush();
    expect(world.service.list().map(({ nodeId }) => nodeId)).toEqual(['here']);
    expect(world.service.fleet.get('tower')).toBeNull();
  });

  it('at an address of the settings has no node, and works', async () => {
    const world = createRunnerWorld([]);
    const url = 'http://127.0.0.1:9001';
    world.runners.set(
      url,
      memoryRunner(world.clock, { status: aRunnerStatus({ models: [aRunnerModel()] }) }),
    );
    world.set({ urls: [url] });
    await world.start();
    expect(world.service.list()).toMatchObject([
      { nodeId: 'runner:127.0.0.1:9001', name: '127.0.0.1:9001', from: 'address', state: 'ready' },
    ]);
  });
});
