import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { aRunnerModel, fakeVector, statusOn } from '../../../fakes/runner.ts';
import {
  createRunnerWorld,
  embedRequest,
  localUrl,
  memoryRunner,
  type RunnerWorld,
  runnerNodeOf,
  thisComputer,
  unreachable,
  urlOf,
} from '../../../fakes/runner-world.ts';

const never = new AbortController().signal;

/** A GPU machine and a CPU machine that serve, and this computer. */
async function twoMachines() {
  const world = createRunnerWorld([
    thisComputer,
    runnerNodeOf('tower'),
    runnerNodeOf('nas', { hasGpu: false }),
  ]);
  const tower = memoryRunner(world.clock, { status: statusOn('cuda') });
  const nas = memoryRunner(world.clock, { status: statusOn('cpu') });
  world.runners.set(urlOf('tower'), tower);
  world.runners.set(urlOf('nas'), nas);
  await world.start();
  return { world, tower, nas };
}

/** Moves time until it has settled. */
async function settled<Result>(
  { clock }: RunnerWorld,
  asked: Promise<Result>,
  limitMs = 600_000,
): Promise<Result> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  asked.then(end, end);
  for (let waited = 0; waited < limitMs && !isOver; waited += 50) await clock.advance(50);
  return asked;
}

describe('texts', () => {
  it('are embedded in batches of 32, in order, on the GPU', async () => {
    const { world, tower, nas } = await twoMachines();
    const request = embedRequest(70);
    const { vectors, nodes } = await settled(world, world.service.embed(request, never));
    expect(vectors).toEqual(request.texts.map((text) => fakeVector(text)));
    expect(tower.requests.map(({ length }) => length).sort()).toEqual([32, 32, 6]);
    expect(nas.requests).toEqual([]);
    expect(nodes).toEqual([{ nodeId: 'tower', texts: 70, gpu: true }]);
  });

  it('are shared out by measured speed, not in turns', async () => {
    const world = createRunnerWorld([runnerNodeOf('fast'), runnerNodeOf('slow')]);
    const fast = memoryRunner(world.clock, { status: statusOn('cuda'), msOfText: 1 });
    const slow = memoryRunner(world.clock, { status: statusOn('cuda'), msOfText: 4 });
    world.runners.set(urlOf('fast'), fast);
    world.runners.set(urlOf('slow'), slow);
    await world.start();
    // Learned first, from one batch each.
    await settled(world, world.service.embed(embedRequest(128), never));
    fast.requests = [];
    slow.requests = [];
    await settled(world, world.service.embed(embedRequest(1000), never));
    const texts = (requests: string[][]) => requests.flat().length;
    expect(texts(fast.requests) + texts(slow.requests)).toBe(1000);
    expect(texts(fast.requests) / texts(slow.requests)).toBeGreaterThan(2.5);
    expect(texts(slow.requests)).toBeGreaterThan(0);
  });

  it('go to the CPU as a fallback while the GPU fails, and count as such', async () => {
    const { world, tower, nas } = await twoMachines();
    tower.embed = () => Promise.reject(unreachable());
    const { nodes } = await settled(world, world.service.embed(embedRequest(8), never));
    expect(nodes).toEqual([{ nodeId: 'nas', texts: 8, gpu: false }]);
    expect(nas.requests).toHaveLength(1);
    const [failed] = world.service.totals().filter(({ nodeId }) => nodeId === 'tower');
    expect(failed).toMatchObject({ batches: 1, failed: 1 });
    // The GPU could be used again, so this was no fallback for want of one.
    expect(world.service.totals().find(({ nodeId }) => nodeId === 'nas')).toMatchObject({ fallbacks: 0 });
    await world.clock.advance(20_000);
    tower.probe = () => Promise.reject(unreachable());
    await world.clock.advance(20_000);
    await settled(world, world.service.embed(embedRequest(8), never));
    expect(world.service.totals().find(({ nodeId }) => nodeId === 'nas')).toMatchObject({ fallbacks: 1 });
  });

  it('are tried five more times, waiting longer each time, and then fail with the cause', async () => {
    const { world, tower, nas } = await twoMachines();
    const at: number[] = [];
    for (const runner of [tower, nas]) {
      runner.embed = async () => {
        at.push(world.clock.monotonic());
        throw new PilotlightError('HOST_TIMEOUT');
      };
    }
    await expect(settled(world, world.service.embed(embedRequest(2), never))).rejects.toMatchObject({
      code: 'HOST_TIMEOUT',
    });
    expect(at).toHaveLength(6);
    const waits = at.slice(1).map((time, place) => time - (at[place] ?? 0));
    expect(waits).toEqual([187.5, 375, 750, 1500, 3000]);
  });

  it('of a batch that fails are tried alone, and only the one at fault fails', async () => {
    const { world, tower, nas } = await twoMachines();
    for (const runner of [tower, nas]) {
      const whole = runner.embed;
      runner.embed = async (request, signal) => {
        if (request.texts.includes('text 3')) {
          throw new PilotlightError('RUNNER_ERROR', { details: { status: 500, code: 'RUNNER_NAN' } });
        }
        return whole(request, signal);
      };
    }
    await expect(settled(world, world.service.embed(embedRequest(6), never))).rejects.toMatchObject({
      code: 'RUNNER_ERROR',
      details: { text: 3 },
    });
    const alone = [...tower.requests, ...nas.requests].filter(({ length }) => length === 1).flat();
    expect(alone).toContain('text 2');
    tower.requests = [];
    const good = { ...embedRequest(3), texts: ['a', 'b', 'c'] };
    await expect(settled(world, world.service.embed(good, never))).resolves.toMatchObject({
      nodes: [{ texts: 3 }],
    });
  });

  it('survive a runner that dies in the middle of a batch', async () => {
    const { world, tower } = await twoMachines();
    let dead = false;
    const whole = tower.embed;
    tower.embed = async (request, signal) => {
      if (request.texts.includes('text 40')) dead = true;
      if (dead) throw unreachable();
      return whole(request, signal);
    };
    const request = embedRequest(100);
    const { vectors } = await settled(world, world.service.embed(request, never));
    expect(vectors).toEqual(request.texts.map((text) => fakeVector(text)));
  });

  it('wait out runners that are busy, as they ask, without counting it as a failure', async () => {
    const { world, tower, nas } = await twoMachines();
    world.set({ retries: 20 });
    const until = world.clock.monotonic() + 60_000;
    for (const runner of [tower, nas]) {
      const whole = runner.embed;
      runner.embed = async (request, signal) => {
        if (world.clock.monotonic() < until) {
          throw new PilotlightError('SERVER_BUSY', { details: { retryAfterMs: 5000 } });
        }
        return whole(request, signal);
      };
    }
    await expect(settled(world, world.service.embed(embedRequest(2), never))).resolves.toMatchObject({
      nodes: [{ texts: 2 }],
    });
    // A runner that is busy is healthy.
    expect(world.service.list().map(({ breaker }) => breaker)).toEqual(['closed', 'closed', 'closed']);
  });

  it('do not wait for a runner that hangs longer than the timeout', async () => {
    const { world, tower } = await twoMachines();
    tower.embed = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const startedAt = world.clock.monotonic();
    const { nodes } = await settled(world, world.service.embed(embedRequest(2), never));
    expect(nodes).toMatchObject([{ nodeId: 'nas' }]);
    expect(world.clock.monotonic() - startedAt).toBeLessThan(62_000);
  });

  it('that are given up are aborted on their runner', async () => {
    const { world, tower } = await twoMachines();
    const aborted = Promise.withResolvers<unknown>();
    tower.embed = (_, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          aborted.resolve(signal.reason);
          reject(signal.reason);
        }),
      );
    const controller = new AbortController();
    const asked = world.service.embed(embedRequest(2), controller.signal);
    const failed = expect(asked).rejects.toThrow('enough');
    await world.clock.flush();
    controller.abort(new Error('enough'));
    await failed;
    await expect(aborted.promise).resolves.toMatchObject({ message: 'enough' });
    expect(world.inFlight.onNode('tower')).toBe(0);
  });

  it('are in flight on their node while they are embedded', async () => {
    const { world } = await twoMachines();
    const asked = world.service.embed(embedRequest(2), never);
    await world.clock.flush();
    expect(world.inFlight.onNode('tower')).toBe(1);
    await settled(world, asked);
    expect(world.inFlight.onNode('tower')).toBe(0);
  });

  it('of a model that no runner has, or without a runner, fail at once', async () => {
    const { world } = await twoMachines();
    await expect(world.service.embed({ ...embedRequest(1), model: 'nope' }, never)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    const empty = createRunnerWorld([]);
    await empty.start();
    await expect(empty.service.embed(embedRequest(1), never)).rejects.toMatchObject({ code: 'NO_RUNNER' });
  });
});

describe('the vectors of a model', () => {
  it('with another length than before are refused', async () => {
    const { world, tower, nas } = await twoMachines();
    await settled(world, world.service.embed(embedRequest(2), never));
    for (const runner of [tower, nas]) {
      runner.embed = async ({ texts }) => ({ vectors: texts.map((text) => fakeVector(text, 4)), hash: null });
    }
    await expect(settled(world, world.service.embed(embedRequest(1), never))).rejects.toMatchObject({
      code: 'SERVER_ERROR',
      said: { code: 'RUNNER_OTHER_DIMENSIONS', params: { before: 8, now: 4 } },
    });
  });

  it('come from one set of files, even if another runner has others under the name', async () => {
    const world = createRunnerWorld([runnerNodeOf('tower'), runnerNodeOf('other')]);
    const other = memoryRunner(world.clock, {
      status: statusOn('cuda', [aRunnerModel({ hash: 'b'.repeat(64) })]),
    });
    world.runners.set(urlOf('tower'), memoryRunner(world.clock, { status: statusOn('cuda') }));
    world.runners.set(urlOf('other'), other);
    await world.start();
    const { nodes, hash } = await settled(world, world.service.embed(embedRequest(200), never));
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual(['tower']);
    expect(hash).toBe('a'.repeat(64));
    expect(other.requests).toEqual([]);
  });
});

describe('a runner that fails', () => {
  it('rests for 20 seconds after 15 failures, and is back after 3 answers', async () => {
    const world = createRunnerWorld([runnerNodeOf('tower')]);
    const tower = memoryRunner(world.clock, { status: statusOn('cuda') });
    world.runners.set(urlOf('tower'), tower);
    await world.start();
    world.set({ retries: 0 });
    const whole = tower.embed;
    tower.embed = () => Promise.reject(new PilotlightError('HOST_TIMEOUT'));
    const breaker = () => world.service.list()[0]?.breaker;
    for (let failure = 0; failure < 15; failure += 1) {
      expect(breaker()).toBe('closed');
      await expect(world.service.embed(embedRequest(1), never)).rejects.toMatchObject({
        code: 'HOST_TIMEOUT',
      });
    }
    expect(breaker()).toBe('open');
    expect(world.service.fleet.get('tower')?.state).toBe('trouble');
    await expect(world.service.embed(embedRequest(1), never)).rejects.toMatchObject({ code: 'NO_RUNNER' });
    expect(tower.requests).toHaveLength(15);
    tower.embed = whole;
    await world.clock.advance(20_000);
    expect(breaker()).toBe('half-open');
    expect(world.service.fleet.get('tower')?.state).toBe('serving');
    for (let answer = 0; answer < 3; answer += 1) {
      await settled(world, world.service.embed(embedRequest(1), never));
    }
    expect(breaker()).toBe('closed');
  });
});

it('this computer’s runner is started where nothing else can answer', async () => {
  const world = createRunnerWorld();
  world.runners.set(localUrl, memoryRunner(world.clock));
  await world.start();
  expect(world.local.opened).toBe(0);
  const { nodes } = await settled(world, world.service.embed(embedRequest(3), never));
  expect(nodes).toEqual([{ nodeId: 'here', texts: 3, gpu: false }]);
  expect(world.local.opened).toBe(1);
});
