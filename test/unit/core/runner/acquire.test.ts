import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { aRunnerModel, aRunnerStatus, runnerHash, statusOn } from '../../../fakes/runner.ts';
import {
  createRunnerWorld,
  localUrl,
  memoryRunner,
  runnerNodeOf,
  thisComputer,
  urlOf,
  wantedModel,
} from '../../../fakes/runner-world.ts';

const request = (own: object = {}) => ({
  model: wantedModel,
  purpose: plainText('a test'),
  by: 'job' as const,
  signal: new AbortController().signal,
  ...own,
});

/** A GPU machine that sleeps, and this computer. */
async function sleepingTower() {
  const world = createRunnerWorld([thisComputer, runnerNodeOf('tower', { canWake: true })]);
  const tower = memoryRunner(world.clock, { status: statusOn('cuda') });
  world.runners.set(urlOf('tower'), tower);
  world.runners.set(localUrl, memoryRunner(world.clock));
  await world.start();
  world.fleet.patch('tower', { state: 'off' });
  await world.clock.flush();
  return { world, tower };
}

describe('acquiring a runner', () => {
  it('wakes its machine, waits until the runner serves, and keeps a lease until it is released', async () => {
    const { world, tower } = await sleepingTower();
    tower.status = aRunnerStatus({ ready: false });
    world.power.ensureAwake = async (nodeId, { signal }) => {
      await world.clock.sleep(20_000, signal);
      world.fleet.patch(nodeId, { state: 'serving' });
      return world.fleet.get(nodeId) as NodeView;
    };
    const asked = world.service.acquire.acquire(request({ gpu: 'needed', wake: true, nodeId: 'tower' }));
    await world.clock.advance(30_000);
    expect(world.fleet.reasons.get('tower')).toEqual([plainText('a test')]);
    // Its machine is awake, and its runner still tries its providers.
    expect(world.service.fleet.get('tower')?.state).toBe('booting');
    tower.status = statusOn('cuda');
    await world.clock.advance(11_000);
    {
      await using acquired = await asked;
      expect(acquired).toMatchObject({ nodeId: 'tower', model: `minilm@${runnerHash}`, placement: 'gpu' });
      expect(world.inFlight.onNode('tower')).toBe(1);
    }
    expect([world.inFlight.onNode('tower'), world.fleet.reasons.get('tower')]).toEqual([0, []]);
  });

  it('gives up on a runner that never becomes ready, after five minutes', async () => {
    const { world, tower } = await sleepingTower();
    tower.status = aRunnerStatus({ ready: false });
    world.power.ensureAwake = async (nodeId) => {
      world.fleet.patch(nodeId, { state: 'serving' });
      return world.fleet.get(nodeId) as NodeView;
    };
    const asked = world.service.acquire.acquire(request({ wake: true, nodeId: 'tower' }));
    const failed = expect(asked).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    await world.clock.advance(301_000);
    await failed;
  });

  it('loads the model on the GPU, and says why where it ended on the CPU', async () => {
    const world = createRunnerWorld([runnerNodeOf('tower')]);
    const tower = memoryRunner(world.clock, {
      status: { ...statusOn('cuda'), models: [aRunnerModel({ state: 'on-disk', provider: null })] },
    });
    world.runners.set(urlOf('tower'), tower);
    await world.start();
    const ask = () => world.service.acquire.acquire(request({ gpu: 'needed', nodeId: 'tower' }));
    await expect(ask()).resolves.toMatchObject({ placement: 'gpu' });
    expect(tower.loads).toEqual(['minilm']);
    tower.status = statusOn('cpu');
    await world.clock.advance(11_000);
    await expect(ask()).resolves.toMatchObject({ placement: 'cpu', reason: { code: 'RUNNER_USES_CPU' } });
  });

  it('never takes other files under the same name', async () => {
    const world = createRunnerWorld([runnerNodeOf('tower')]);
    const tower = memoryRunner(world.clock, { status: statusOn('cuda') });
    world.runners.set(urlOf('tower'), tower);
    await world.start();
    const acquired = await world.service.acquire.acquire(request());
    tower.status = statusOn('cuda', [aRunnerModel({ hash: 'b'.repeat(64) })]);
    // Between two probes only the runner knows.
    const embedding = acquired.server.embed(acquired.model ?? '', ['a'], request().signal);
    const refused = expect(embedding).rejects.toMatchObject({ code: 'RUNNER_MODEL_CHANGED' });
    await world.clock.advance(10);
    await refused;
    await world.clock.advance(11_000);
    await expect(world.service.acquire.acquire(request())).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('starts this computer’s, and uses it without a GPU', async () => {
    const { world } = await sleepingTower();
    const asked = world.service.acquire.acquire(request({ whenNone: 'wait' }));
    await world.clock.advance(1000);
    await expect(asked).resolves.toMatchObject({ nodeId: 'here', placement: 'cpu' });
    expect(world.local.opened).toBe(1);
  });

  it('may use a runner without a node, and takes no lease for it', async () => {
    const world = createRunnerWorld([]);
    const url = 'http://127.0.0.1:9001';
    world.runners.set(url, memoryRunner(world.clock));
    world.set({ urls: [url] });
    await world.start();
    const acquired = await world.service.acquire.acquire(request());
    expect(acquired.nodeId).toBe('runner:127.0.0.1:9001');
    await acquired[Symbol.asyncDispose]();
    expect(world.fleet.reasons.size).toBe(0);
  });

  it('is refused while the core stops', async () => {
    const { world } = await sleepingTower();
    await world.service.stop();
    await expect(world.service.acquire.acquire(request())).rejects.toMatchObject(
      new PilotlightError('STOPPING').toWire(),
    );
  });
});
