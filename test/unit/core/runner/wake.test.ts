import { describe, expect, it } from 'vitest';
import type { WakeRequester } from '../../../../electron/core/policies/policy.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import { aRunnerModel, aRunnerStatus, statusOn } from '../../../fakes/runner.ts';
import {
  createRunnerWorld,
  embedRequest,
  localUrl,
  memoryRunner,
  runnerNodeOf,
  thisComputer,
  urlOf,
} from '../../../fakes/runner-world.ts';

const never = new AbortController().signal;

/** Two machines that sleep, the second one with a GPU; this computer's runner has other models. */
async function sleeping(names: readonly string[] = ['nas', 'tower']) {
  const nodes = names.map((name) => runnerNodeOf(name, { canWake: true }));
  const world = createRunnerWorld([thisComputer, ...nodes]);
  const runners = names.map((name) => {
    const status = statusOn(name === 'tower' ? 'cuda' : 'cpu');
    const runner = memoryRunner(world.clock, { status });
    world.runners.set(urlOf(name), runner);
    return runner;
  });
  world.runners.set(localUrl, memoryRunner(world.clock, { status: aRunnerStatus({ models: [] }) }));
  await world.start();
  for (const name of names) world.fleet.patch(name, { state: 'off' });
  await world.clock.flush();
  const woken: [string, WakeRequester][] = [];
  world.power.ensureAwake = async (nodeId, { by }) => {
    woken.push([nodeId, by]);
    world.fleet.patch(nodeId, { state: 'serving' });
    return world.fleet.get(nodeId) as NodeView;
  };
  return { world, runners, woken };
}

/** The answer, with time passing meanwhile. */
async function passing<Value>(
  { clock }: { clock: { advance(ms: number): Promise<void> } },
  answer: Promise<Value>,
): Promise<Value> {
  let done = false;
  const settled = answer.finally(() => {
    done = true;
  });
  settled.catch(() => {});
  for (let step = 0; step < 1000 && !done; step += 1) await clock.advance(500);
  return settled;
}

describe('texts', () => {
  it('wake no machine by default', async () => {
    const { world, woken } = await sleeping();
    await expect(passing(world, world.service.embed(embedRequest(2), never))).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    expect(woken).toEqual([]);
  });

  it.each(['person', 'request'] as const)('wake the machine with the GPU for a %s', async (wakeBy) => {
    const { world, runners, woken } = await sleeping();
    let reasons: unknown;
    const tower = runners[1] as (typeof runners)[number];
    const embed = tower.embed;
    tower.embed = (request, signal) => {
      reasons = world.fleet.reasons.get('tower');
      return embed(request, signal);
    };
    const made = await passing(world, world.service.embed({ ...embedRequest(3), wakeBy }, never));
    expect(made.nodes).toEqual([{ nodeId: 'tower', texts: 3, gpu: true }]);
    expect(woken).toEqual([['tower', wakeBy]]);
    // A lease said why it was on, until the work was done.
    expect(reasons).toEqual([fact('USED_FOR_EMBEDDING', { model: 'minilm' })]);
    expect(world.fleet.reasons.get('tower')).toEqual([]);
  });

  it('wake the machine that was named', async () => {
    const { world, woken } = await sleeping();
    const request = { ...embedRequest(1), nodeId: 'nas', wakeBy: 'person' as const };
    expect((await passing(world, world.service.embed(request, never))).nodes).toMatchObject([
      { nodeId: 'nas' },
    ]);
    expect(woken).toEqual([['nas', 'person']]);
  });

  it('wake a named machine whose runner was never seen, and no other', async () => {
    const world = createRunnerWorld([thisComputer, runnerNodeOf('new', { canWake: true, state: 'off' })]);
    world.runners.set(urlOf('new'), memoryRunner(world.clock));
    world.runners.set(localUrl, memoryRunner(world.clock, { status: aRunnerStatus({ models: [] }) }));
    await world.start();
    const woken: string[] = [];
    world.power.ensureAwake = async (nodeId) => {
      woken.push(nodeId);
      world.fleet.patch(nodeId, { state: 'serving' });
      return world.fleet.get(nodeId) as NodeView;
    };
    const request = { ...embedRequest(1), wakeBy: 'person' as const };
    await expect(passing(world, world.service.embed(request, never))).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    expect(woken).toEqual([]);
    const made = await passing(world, world.service.embed({ ...request, nodeId: 'new' }, never));
    expect(made.nodes).toMatchObject([{ nodeId: 'new' }]);
    expect(woken).toEqual(['new']);
  });

  it('wake none if a runner that is awake has the model', async () => {
    const { world, woken } = await sleeping();
    world.fleet.patch('nas', { state: 'serving' });
    await world.clock.advance(11_000);
    const made = await passing(world, world.service.embed({ ...embedRequest(1), wakeBy: 'person' }, never));
    expect(made.nodes).toMatchObject([{ nodeId: 'nas' }]);
    expect(woken).toEqual([]);
  });

  it('try the next machine if one cannot be woken, and say why if none can', async () => {
    const { world, woken } = await sleeping();
    const wake = world.power.ensureAwake;
    world.power.ensureAwake = async (nodeId, options) => {
      if (nodeId === 'tower') throw new PilotlightError('WAKE_NOT_ALLOWED');
      return wake(nodeId, options);
    };
    const request = { ...embedRequest(1), wakeBy: 'request' as const };
    expect((await passing(world, world.service.embed(request, never))).nodes).toMatchObject([
      { nodeId: 'nas' },
    ]);
    expect(woken).toEqual([['nas', 'request']]);
    world.fleet.patch('nas', { state: 'off' });
    world.power.ensureAwake = async () => {
      throw new PilotlightError('WAKE_NOT_ALLOWED');
    };
    await expect(passing(world, world.service.embed(request, never))).rejects.toMatchObject({
      code: 'WAKE_NOT_ALLOWED',
    });
    expect([world.fleet.reasons.get('nas'), world.fleet.reasons.get('tower')]).toEqual([[], []]);
  });

  it('that no runner could ever embed wake nothing', async () => {
    const { world, woken } = await sleeping();
    const request = { ...embedRequest(1), model: 'unheard-of', wakeBy: 'person' as const };
    await expect(passing(world, world.service.embed(request, never))).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    expect(woken).toEqual([]);
  });
});

describe('a picture', () => {
  it('wakes a machine with a face model, for as long as it takes', async () => {
    const { world, runners, woken } = await sleeping();
    const nas = runners[0] as (typeof runners)[number];
    const faces = aRunnerModel({ name: 'buffalo', kind: 'faces' });
    nas.status = { ...nas.status, models: [...nas.status.models, faces] };
    world.fleet.patch('nas', { state: 'serving' });
    await world.clock.advance(11_000);
    world.fleet.patch('nas', { state: 'off' });
    await world.clock.flush();
    const seen: unknown[] = [];
    nas.faces = async () => {
      seen.push(world.fleet.reasons.get('nas'));
      return { faces: [], gpu: false };
    };
    const request = { image: 'AAAA', wakeBy: 'person' as const };
    expect(await passing(world, world.service.faces(request, never))).toMatchObject({ nodeId: 'nas' });
    expect(woken).toEqual([['nas', 'person']]);
    expect(seen).toEqual([[fact('USED_FOR_FACES')]]);
    expect(world.fleet.reasons.get('nas')).toEqual([]);
  });
});
