/** A folder that is being removed while other things begin: each step is held where a test wants it. */

import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Embedder } from '../../../../shared/models/indexing.ts';
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
const job = { full: false, rebuild: false, useGpu: true, callbackUrl: null };
const never = new AbortController().signal;
const notFound = expect.objectContaining({ code: 'NOT_FOUND' });

async function start(world: FakeWorld) {
  const service = createIndexingService(world.dependencies);
  const add = (path: string) =>
    service.addSource({ path, name: path, embedder: model, wake: true, whenGpuGone: 'use-cpu' });
  const source = await add('/notes');
  service.start();
  return { service, source, add };
}

/** Deletes the index when it is let go, and counts what was opened since the removal began. */
function holdRemoval(world: FakeWorld) {
  const gate = Promise.withResolvers<void>();
  const { openIndex, removeIndex } = world.index.store;
  const seen = { opened: 0, asked: 0, removing: false };
  world.index.store.removeIndex = async (id) => {
    seen.removing = true;
    await gate.promise;
    await removeIndex(id);
  };
  world.index.store.openIndex = async (source) => {
    if (seen.removing) seen.opened += 1;
    const index = await openIndex(source);
    return {
      ...index,
      search: async (...query) => {
        if (seen.removing) seen.asked += 1;
        return index.search(...query);
      },
    };
  };
  return { seen, gate };
}

describe('a folder that is being removed', () => {
  it('is not indexed by a job that starts meanwhile', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one'] } });
    const { service, source } = await start(world);
    const { seen, gate } = holdRemoval(world);
    const removed = service.removeSource(source.id);
    await world.clock.flush();
    expect(seen.removing).toBe(true);
    expect(() => service.startJob({ ...job, sourceIds: [source.id] })).toThrow(notFound);
    expect(() => service.startJob({ ...job, sourceIds: null })).toThrow(
      expect.objectContaining({ code: 'NOTHING_TO_INDEX' }),
    );
    await expect(service.updateSource({ sourceId: source.id, name: 'x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(service.removeSource(source.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await service.sources()).toEqual([]);
    expect(service.sourceRecords()).toEqual([]);
    expect(world.dependencies.streams.sources.get(source.id)).toBeUndefined();
    gate.resolve();
    await removed;
    expect(world.index.committed.size).toBe(0);
    expect(world.sources.size).toBe(0);
    expect(seen.opened).toBe(0);
    expect(world.told.filter(({ message }) => message.code === 'FOLDER_REMOVED')).toHaveLength(1);
  });

  it('is not opened again by a search that started before', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one'] } });
    const { service, source } = await start(world);
    const { seen, gate } = holdRemoval(world);
    const query = Promise.withResolvers<Float32Array[]>();
    world.fleet.servers.set('tower', () => query.promise);
    const searching = service.search({ text: 'one', sourceIds: [source.id], limit: 5 }, never);
    const failed = expect(searching).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await world.clock.flush();
    const removed = service.removeSource(source.id);
    await world.clock.flush();
    query.resolve([vectorOf('one')]);
    await failed;
    gate.resolve();
    await removed;
    expect(seen).toMatchObject({ opened: 0, asked: 0 });
  });

  it('waits until a cancelled job has released it, although another job is already running', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one'] } });
    const { service, source, add } = await start(world);
    const other = await add('/papers');
    const prepared = Promise.withResolvers<void>();
    const { openIndex } = world.index.store;
    const steps: string[] = [];
    world.index.store.openIndex = async (opened) => {
      const index = await openIndex(opened);
      return {
        ...index,
        async prepare(...file) {
          steps.push(`prepare ${opened.path}`);
          if (opened.id === source.id) await prepared.promise;
          steps.push(`prepared ${opened.path}`);
          return index.prepare(...file);
        },
      };
    };
    world.index.store.removeIndex = async () => void steps.push('removed');
    const first = service.startJob({ ...job, sourceIds: [source.id] });
    await world.clock.advance(100);
    service.cancelJob(first.id);
    const second = service.startJob({ ...job, sourceIds: [other.id] });
    const removed = service.removeSource(source.id);
    await world.clock.advance(100);
    expect(steps).toEqual(['prepare /notes']);
    prepared.resolve();
    await removed;
    expect(steps.slice(0, 2)).toEqual(['prepare /notes', 'prepared /notes']);
    expect(steps).toContain('removed');
    const ended = await untilEnded(world, () => service.job(second.id));
    expect(ended.status).toBe('completed');
  });

  it('is listed again, complete, if it could not be removed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one'] } });
    const { service, source } = await start(world);
    world.index.store.removeIndex = () => Promise.reject(new PilotlightError('DISK_FULL'));
    await expect(service.removeSource(source.id)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(world.dependencies.streams.sources.get(source.id)).toMatchObject({ id: source.id });
    const { id } = service.startJob({ ...job, sourceIds: [source.id] });
    expect((await untilEnded(world, () => service.job(id))).status).toBe('completed');
  });
});

describe('a folder whose embedder is being changed', () => {
  it('shows what was saved last, and does not come back when it is removed meanwhile', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one'] } });
    const { service, source } = await start(world);
    await service.search({ text: 'one', sourceIds: null, limit: 1 }, never);
    const closing = Promise.withResolvers<void>();
    const { openIndex } = world.index.store;
    world.index.store.openIndex = async (opened) => ({
      ...(await openIndex(opened)),
      close: () => closing.promise,
    });
    await service.updateSource({ sourceId: source.id, embedder: { kind: 'builtin' } });
    await service.search({ text: 'one', sourceIds: null, limit: 1 }, never);

    const back = service.updateSource({ sourceId: source.id, embedder: model, name: 'first' });
    await service.updateSource({ sourceId: source.id, name: 'second' });
    closing.resolve();
    expect(await back).toMatchObject({ name: 'second' });
    expect(world.dependencies.streams.sources.get(source.id)).toMatchObject({ name: 'second' });
    expect(world.sources.get(source.id)).toMatchObject({ name: 'second', embedder: model });
  });

  it('does not come back when it is removed meanwhile', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one'] } });
    const { service, source } = await start(world);
    const closing = Promise.withResolvers<void>();
    const { openIndex } = world.index.store;
    world.index.store.openIndex = async (opened) => ({
      ...(await openIndex(opened)),
      close: () => closing.promise,
    });
    await service.search({ text: 'one', sourceIds: null, limit: 1 }, never);
    const changed = service.updateSource({ sourceId: source.id, embedder: { kind: 'builtin' } });
    const refused = expect(changed).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const removed = service.removeSource(source.id);
    closing.resolve();
    await refused;
    await removed;
    expect(world.dependencies.streams.sources.get(source.id)).toBeUndefined();
    expect(world.sources.size).toBe(0);
  });
});
