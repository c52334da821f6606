/** A server that fails is not the fault of the files, and a file that fails is not the fault of the server. */
import { describe, expect, it } from 'vitest';
import { serverError } from '../../../../electron/adapters/inference/ollama-errors.ts';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import {
  createFakeWorld,
  digest,
  type FakeWorld,
  modelName,
  nodeView,
  untilEnded,
  vectorOf,
} from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, state: 'gpu-verified' });
const nas = nodeView({ id: 'nas', hasGpu: false });
const failing = () => new PilotlightError('SERVER_ERROR', { details: { status: 500, server: 'boom' } });

const files = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}.md`, [`text ${index}`]]));

async function startJob(world: FakeWorld) {
  const service = createIndexingService(world.dependencies);
  await service.addSource({
    path: '/notes',
    name: 'Notes',
    embedder: { kind: 'model', name: modelName, digest },
    wake: false,
    whenGpuGone: 'use-cpu',
  });
  service.start();
  const { id } = service.startJob({
    sourceIds: null,
    full: false,
    rebuild: false,
    useGpu: true,
    callbackUrl: null,
  });
  return { service, job: () => service.job(id) };
}

describe('a server that answers nothing but errors', () => {
  it('is given up without blaming a file, even if each request has one text', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: files(12) });
    world.batchSize = 1;
    world.fleet.servers.set('tower', () => Promise.reject(failing()));
    const { job } = await startJob(world);
    expect(await untilEnded(world, job, 300_000)).toMatchObject({
      status: 'completed',
      failures: [],
      fallbackVectors: 12,
      files: { done: 12, failed: 0 },
    });
    expect(world.index.prepared.size).toBe(0);
  });

  it('is tried again after a wait that doubles with each failure, and given up after six', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: files(1) });
    const times: number[] = [];
    world.fleet.servers.set('tower', (texts) => {
      if (texts.includes('text 0')) times.push(world.clock.monotonic());
      return Promise.reject(failing());
    });
    const { job } = await startJob(world);
    for (let waited = 0; world.fleet.embedded.get('nas') === undefined && waited < 60_000; waited += 100)
      await world.clock.advance(100);
    // Two requests at a time share the count: after failure n, the one that failed rests for 250 ms · 2ⁿ.
    expect(times.slice(0, 6).map((at) => at - (times[0] ?? 0))).toEqual([0, 0, 500, 1000, 2500, 5000]);
    expect(await untilEnded(world, job, 300_000)).toMatchObject({ status: 'completed', failures: [] });
  });
});

describe('a server that works but for one text', () => {
  it('fails only the file with that text, whatever the batch it was in', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(24) });
    world.fleet.servers.set('tower', async (texts) => {
      if (texts.includes('text 17')) throw failing();
      return texts.map(vectorOf);
    });
    const { job } = await startJob(world);
    const ended = await untilEnded(world, job, 300_000);
    expect(ended.failures).toMatchObject([{ path: 'f17.md', code: 'SERVER_ERROR' }]);
    expect(ended).toMatchObject({ status: 'completed', files: { done: 23, failed: 1 } });
    expect(world.index.committed.has('f17.md')).toBe(false);
    expect(world.index.prepared.size).toBe(0);
  });
});

describe('a runner that dies in an embed', () => {
  const died = () =>
    serverError(400, 'do embedding request: Post "http://127.0.0.1:38737/v1/embeddings": EOF');

  it.each([1, 32])('blames no text, and the rest is retried, in batches of %i', async (batchSize) => {
    const world = createFakeWorld({ nodes: [tower], files: files(12) });
    world.batchSize = batchSize;
    let deaths = 0;
    world.fleet.servers.set('tower', async (texts) => {
      // Killed from outside, again and again, but never while it is only tested.
      if (texts.some((text) => text.startsWith('text')) && deaths < 5) {
        deaths += 1;
        throw died();
      }
      return texts.map(vectorOf);
    });
    const { job } = await startJob(world);
    expect(await untilEnded(world, job, 600_000)).toMatchObject({
      status: 'completed',
      failures: [],
      files: { done: 12, failed: 0 },
    });
    expect(deaths).toBe(5);
  });

  it('is retried elsewhere', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: files(6) });
    world.fleet.servers.set('tower', () => Promise.reject(died()));
    const { job } = await startJob(world);
    expect(await untilEnded(world, job, 300_000)).toMatchObject({
      status: 'completed',
      failures: [],
      fallbackVectors: 6,
    });
  });

  it('on one text only, whenever it comes, ends in the failure of that file and not of the job', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(4) });
    let deaths = 0;
    world.fleet.servers.set('tower', async (texts) => {
      if (texts.includes('text 2')) {
        deaths += 1;
        throw died();
      }
      return texts.map(vectorOf);
    });
    const { job } = await startJob(world);
    const ended = await untilEnded(world, job, 3_600_000);
    expect(ended.failures).toMatchObject([{ path: 'f2.md', code: 'RUNNER_DIED' }]);
    expect(ended).toMatchObject({ status: 'completed', files: { done: 3, failed: 1 } });
    expect(deaths).toBeGreaterThanOrEqual(9);
  });
});

describe('a model that cannot embed', () => {
  it('ends the job with that, instead of waiting for another answer', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(4) });
    const refusal = 'This server does not support embeddings. Start it with `--embeddings`';
    world.fleet.servers.set('tower', () => Promise.reject(serverError(501, refusal)));
    const { job } = await startJob(world);
    const ended = await untilEnded(world, job, 300_000);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'MODEL_CANNOT_EMBED' }, failures: [] });
  });
});

describe('texts that the server refuses', () => {
  const refusal = () => new PilotlightError('BAD_REQUEST', { details: { status: 400, server: 'too long' } });

  it('fail their file once, however many of them it has', async () => {
    const world = createFakeWorld({
      nodes: [tower],
      files: { 'bad.md': ['bad 1', 'bad 2', 'bad 3'], ...files(8) },
    });
    // Two of them are on their way at a time.
    world.batchSize = 1;
    world.fleet.servers.set('tower', async (texts) => {
      await world.clock.sleep(10);
      if (texts.some((text) => text.startsWith('bad'))) throw refusal();
      return texts.map(vectorOf);
    });
    const { job } = await startJob(world);
    const ended = await untilEnded(world, job, 300_000);
    expect(ended.failures).toMatchObject([{ path: 'bad.md', code: 'BAD_REQUEST' }]);
    expect(ended).toMatchObject({ status: 'completed', files: { total: 9, done: 8, failed: 1 } });
  });

  it('free the place of their file at once, so that any number of them delays no other file', async () => {
    const bad = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`bad${index}.md`, [`bad ${index}`]]),
    );
    const world = createFakeWorld({
      nodes: [tower],
      files: { 'first.md': ['one'], ...bad, 'last.md': ['two'] },
    });
    world.batchSize = 1;
    world.fleet.servers.set('tower', async (texts) => {
      if (texts.some((text) => text.startsWith('bad'))) throw refusal();
      return texts.map(vectorOf);
    });
    const { job } = await startJob(world);
    expect(await untilEnded(world, job, 300_000)).toMatchObject({
      status: 'completed',
      files: { done: 2, failed: 1000 },
    });
    expect(world.index.prepared.size).toBe(0);
  });
});

describe('a file that cannot be stored', () => {
  it('frees its place at once, so that any number of them delays no other file', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(1200) });
    world.batchSize = 100;
    let most = 0;
    world.index.before = (step, path) => {
      most = Math.max(most, world.index.prepared.size);
      if (step === 'commit' && path !== 'f1199.md') throw new PilotlightError('FILE_UNREADABLE');
    };
    const { job } = await startJob(world);
    const ended = await untilEnded(world, job);
    expect(ended).toMatchObject({ status: 'completed', files: { done: 1, failed: 1199 } });
    expect(most).toBeLessThan(900);
    expect(world.index.prepared.size).toBe(0);
  });
});

it('a worker that is lost again and again is waited for twice as long each time', async () => {
  const world = createFakeWorld({ nodes: [tower], files: files(1) });
  const times: number[] = [];
  world.index.before = (step) => {
    if (step !== 'prepare') return;
    times.push(world.clock.monotonic());
    throw new PilotlightError('WORKER_LOST');
  };
  const { job } = await startJob(world);
  for (let waited = 0; job().endedAt === null && waited < 60_000; waited += 10) await world.clock.advance(10);
  expect(job()).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
  const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(waits.length).toBeGreaterThan(1);
  expect(waits).toEqual(waits.map((_, index) => 200 * 2 ** index));
});
