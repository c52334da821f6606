import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Embedder, IndexJob } from '../../../../shared/models/indexing.ts';
import {
  createFakeWorld,
  digest,
  type FakeWorld,
  modelName,
  nodeView,
  untilEnded,
  vectorOf,
} from '../../../fakes/indexing.ts';

const model: Embedder = { kind: 'model', name: modelName, digest };
const tower = nodeView({ id: 'tower', hasGpu: true, canWake: true, state: 'gpu-verified' });
const nas = nodeView({ id: 'nas', hasGpu: false });
const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: true, callbackUrl: null };
const files = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, file) => [`f${file}.md`, [`a${file}`, `b${file}`]]));

async function start(world: FakeWorld, whenGpuGone: 'use-cpu' | 'wait' = 'use-cpu') {
  const service = createIndexingService(world.dependencies);
  await service.addSource({ path: '/notes', name: 'Notes', embedder: model, wake: true, whenGpuGone });
  service.start();
  return service;
}
const kinds = (job: IndexJob) => job.events.map((event) => event.kind);
function expectWhole(world: FakeWorld): void {
  expect([...world.index.committed.keys()].sort()).toEqual([...world.index.files.keys()].sort());
  for (const { texts, vectors } of world.index.committed.values())
    expect(vectors).toEqual(texts.map(vectorOf));
  expect(world.index.prepared.size).toBe(0);
  expect(world.inFlight.now).toBe(0);
}

describe('a paused run', () => {
  it('lets its machine go, and continues where it was when it is resumed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(40) });
    const held = Promise.withResolvers<void>();
    let requests = 0;
    world.fleet.servers.set('tower', async (texts) => {
      requests += 1;
      if (requests > 1) await held.promise;
      return texts.map(vectorOf);
    });
    const service = await start(world);
    const { id } = service.startJob(wanted);
    await world.clock.advance(2000);
    expect(world.fleet.reasons.get('tower')).toHaveLength(1);

    const paused = service.pauseJob(id);
    expect(paused).toMatchObject({
      status: 'paused',
      endedAt: null,
      etaMs: null,
      detail: { code: 'JOB_PAUSED' },
    });
    held.resolve();
    await world.clock.advance(5000);
    expect(world.fleet.reasons.get('tower')).toEqual([]);
    expect(service.job(id)).toMatchObject({ status: 'paused' });
    expect(service.currentJob()).toBeNull();
    const kept = world.index.committed.size;

    expect(service.resumeJob(id)).toMatchObject({ id, status: 'running', resumed: true });
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(job.files).toMatchObject({ total: 40, done: 40, unchanged: 0 });
    expect(kinds(job).filter((kind) => kind === 'paused' || kind === 'resumed')).toEqual([
      'paused',
      'resumed',
    ]);
    expect(kept).toBeLessThan(40);
    expectWhole(world);
  });

  it('stays paused after a restart, until a person resumes it', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(20) });
    const held = Promise.withResolvers<void>();
    world.fleet.servers.set('tower', async (texts) => {
      await held.promise;
      return texts.map(vectorOf);
    });
    const first = await start(world);
    const { id } = first.startJob(wanted);
    await world.clock.advance(1000);
    first.pauseJob(id);
    held.resolve();
    await world.clock.advance(1000);
    await first.stop();
    world.fleet.servers.delete('tower');

    const kept = world.index.committed.size;
    const second = createIndexingService(world.dependencies);
    second.start();
    await world.clock.advance(10_000);
    expect(second.job(id)).toMatchObject({ status: 'paused' });
    expect(world.index.committed.size).toBe(kept);
    second.resumeJob(id);
    expect(await untilEnded(world, () => second.job(id))).toMatchObject({ status: 'completed' });
    expectWhole(world);
  });

  it('leaves room for another, which a resume waits for', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(5) });
    const service = await start(world);
    const { id } = service.startJob(wanted);
    service.pauseJob(id);
    const other = service.startJob(wanted);
    expect(() => service.resumeJob(id)).toThrow(expect.objectContaining({ code: 'JOB_RUNNING' }));
    await untilEnded(world, () => service.job(other.id));
    service.resumeJob(id);
    expect(await untilEnded(world, () => service.job(id))).toMatchObject({ status: 'completed' });
  });

  it('can be cancelled, and nothing else than a running one is paused', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(5) });
    const service = await start(world);
    const { id } = service.startJob(wanted);
    service.pauseJob(id);
    expect(service.pauseJob(id)).toMatchObject({ status: 'paused' });
    const cancelled = service.cancelJob(id);
    expect(cancelled).toMatchObject({ status: 'cancelled', detail: { code: 'JOB_CANCELLED' } });
    expect(cancelled.endedAt).not.toBeNull();
    expect(service.resumeJob(id)).toMatchObject({ status: 'cancelled' });
    expect(service.pauseJob(id)).toMatchObject({ status: 'cancelled' });
    expect(() => service.pauseJob('nope')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('runs on if it cannot be saved as paused', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(5) });
    const service = await start(world);
    const { id } = service.startJob(wanted);
    const { jobs } = world.dependencies.store;
    const { put } = jobs;
    jobs.put = () => {
      throw new PilotlightError('DISK_FULL');
    };
    expect(() => service.pauseJob(id)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    jobs.put = put;
    expect(service.job(id)).toMatchObject({ status: 'running' });
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(kinds(job)).not.toContain('paused');
  });
});

describe('a run that waits for a wake', () => {
  it('says for which machine and since when, and goes to the CPU when it is told to', async () => {
    const world = createFakeWorld({ nodes: [nas, { ...tower, state: 'off' }], files: files(10) });
    let ended = 0;
    world.power.ensureAwake = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended += 1;
          reject(signal.reason);
        });
      });
    const service = await start(world, 'wait');
    const { id } = service.startJob(wanted);
    await world.clock.advance(1000);
    const waking = service.job(id);
    expect(waking).toMatchObject({ phase: 'waking', phaseNodeId: 'tower' });
    expect(world.clock.now() - (waking.phaseSince ?? 0)).toBeLessThanOrEqual(1000);

    expect(service.useCpu(id)).toMatchObject({ id, status: 'running', useGpu: false });
    const job = await untilEnded(world, () => service.job(id));
    expect(ended).toBe(1);
    expect(job).toMatchObject({ status: 'completed', useGpu: false });
    expect(job).not.toHaveProperty('phaseNodeId');
    expect(kinds(job)).not.toContain('paused');
    expect(world.fleet.embedded.has('nas')).toBe(true);
    expectWhole(world);
    expect(service.useCpu(id)).toMatchObject({ status: 'completed' });
  });
});
