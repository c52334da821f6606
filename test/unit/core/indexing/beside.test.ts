/** A short job of ingested texts beside a long job of other folders. */
import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import type { SourceRecord } from '../../../../shared/models/indexing.ts';
import {
  createFakeIndex,
  createFakeWorld,
  digest,
  type FakeWorld,
  modelName,
  nodeView,
  untilEnded,
  vectorOf,
} from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, state: 'gpu-verified' });
const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: true, callbackUrl: null };
const files = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, file) => [`f${file}.md`, [`text ${file}`]]));

/** A folder whose server takes 100 ms for each text, and ingested texts with an index of their own. */
async function started(
  count = 40,
  world: FakeWorld = createFakeWorld({ nodes: [tower], files: files(count) }),
) {
  world.batchSize = 1;
  world.fleet.servers.set('tower', async (texts) => {
    await world.clock.sleep(100);
    return texts.map(vectorOf);
  });
  const texts = createFakeIndex({ 'task.md': ['an ingested text'] });
  let ingested: SourceRecord | null = null;
  const { openIndex } = world.index.store;
  world.dependencies.vectors = {
    ...world.index.store,
    openIndex: (source) => (source.id === ingested?.id ? texts.store.openIndex(source) : openIndex(source)),
  };
  const service = createIndexingService(world.dependencies);
  const known = service.sourceRecords().find(({ path }) => path === '/notes');
  const folder =
    known ??
    (await service.addSource({
      ...{ path: '/notes', name: 'Notes', wake: false, whenGpuGone: 'use-cpu' },
      embedder: { kind: 'model', name: modelName, digest },
    }));
  ingested = service.ensureIngested('/ingested');
  service.start();
  const beside = () =>
    service.startJob({ ...wanted, sourceIds: [ingested?.id ?? ''], beside: true as const });
  return { world, texts, service, folder, ingested, beside };
}

describe('a short job beside a long one', () => {
  it('ends first, and the long one pauses meanwhile and loses nothing', async () => {
    const { world, texts, service, folder, ingested, beside } = await started();
    const long = service.startJob({ ...wanted, sourceIds: [folder.id] });
    await world.clock.advance(500);
    const before = world.index.commits.length;
    expect(before).toBeGreaterThan(0);
    const scanning = Promise.withResolvers<void>();
    const { openIndex } = texts.store;
    // It takes as long as this test wants.
    texts.store.openIndex = async (source) => {
      await scanning.promise;
      return openIndex(source);
    };
    expect(service.hasRoom(ingested.id)).toBe(true);
    const short = beside();
    expect(service.hasRoom(ingested.id)).toBe(false);
    const room = service.waitForRoom(ingested.id, new AbortController().signal);
    await world.clock.advance(20_000);
    const paused = world.index.commits.length;
    // What was read already is finished.
    expect(paused).toBeLessThan(40);
    await world.clock.advance(20_000);
    expect(world.index.commits.length).toBe(paused);
    expect(service.currentJob()?.id).toBe(long.id);
    scanning.resolve();
    expect((await untilEnded(world, () => service.job(short.id))).status).toBe('completed');
    await room;
    expect(texts.commits).toEqual(['task.md']);
    expect(service.job(long.id).endedAt).toBeNull();
    const ended = await untilEnded(world, () => service.job(long.id));
    expect(ended.files).toMatchObject({ total: 40, done: 40, failed: 0 });
    expect(new Set(world.index.commits).size).toBe(40);
  });

  it('has no room while a job still needs its folder, which comes first in a job of all folders', async () => {
    const { world, texts, service, ingested, beside } = await started();
    const long = service.startJob(wanted);
    expect(service.hasRoom(ingested.id)).toBe(false);
    expect(beside).toThrow(expect.objectContaining({ code: 'JOB_RUNNING' }));
    await service.waitForRoom(ingested.id, new AbortController().signal);
    expect(texts.commits).toEqual(['task.md']);
    expect(service.job(long.id).endedAt).toBeNull();
    expect(service.hasRoom(ingested.id)).toBe(true);
    texts.files.set('second.md', ['another']);
    const short = beside();
    await untilEnded(world, () => service.job(short.id));
    expect(texts.commits).toEqual(['task.md', 'second.md']);
    expect(service.job(long.id).endedAt).toBeNull();
    expect((await untilEnded(world, () => service.job(long.id))).status).toBe('completed');
  });

  it('can be cancelled, and a job that a person starts still waits for the one that runs', async () => {
    const { world, service, folder, texts, beside } = await started();
    const scanning = Promise.withResolvers<void>();
    const { openIndex } = texts.store;
    texts.store.openIndex = async (source) => {
      await scanning.promise;
      return openIndex(source);
    };
    const long = service.startJob({ ...wanted, sourceIds: [folder.id] });
    const short = beside();
    expect(() => service.startJob({ ...wanted, sourceIds: [folder.id] })).toThrow(
      expect.objectContaining({ code: 'JOB_RUNNING' }),
    );
    expect(service.cancelJob(short.id).status).toBe('cancelled');
    expect(service.currentJob()?.id).toBe(long.id);
    scanning.resolve();
    expect((await untilEnded(world, () => service.job(long.id))).files).toMatchObject({ done: 40 });
  });

  it('that outlives the long one refuses a job of its own folder only', async () => {
    const { world, service, folder, ingested, texts, beside } = await started(1);
    const scanning = Promise.withResolvers<void>();
    const { openIndex } = texts.store;
    texts.store.openIndex = async (source) => {
      await scanning.promise;
      return openIndex(source);
    };
    const long = service.startJob({ ...wanted, sourceIds: [folder.id] });
    const short = beside();
    service.cancelJob(long.id);
    expect(service.currentJob()?.id).toBe(short.id);
    expect(() => service.startJob(wanted)).toThrow(expect.objectContaining({ code: 'JOB_RUNNING' }));
    const next = service.startJob({ ...wanted, sourceIds: [folder.id] });
    expect(service.hasRoom(ingested.id)).toBe(false);
    scanning.resolve();
    expect((await untilEnded(world, () => service.job(short.id))).status).toBe('completed');
    expect((await untilEnded(world, () => service.job(next.id))).status).toBe('completed');
  });

  it('continues after a restart, as the long one does', async () => {
    const { world, service, folder, beside } = await started();
    const long = service.startJob({ ...wanted, sourceIds: [folder.id] });
    await world.clock.advance(300);
    const short = beside();
    const stopped = service.stop();
    await world.clock.advance(500);
    await stopped;
    const next = await started(40, world);
    for (const { id } of [long, short])
      expect((await untilEnded(world, () => next.service.job(id))).status).not.toBe('running');
    expect(next.service.job(long.id)).toMatchObject({ status: 'completed', resumed: true });
  });
});
