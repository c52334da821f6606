import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeWorld } from '../../../fakes/indexing.ts';

const never = new AbortController().signal;

async function open(own: { vectorEngine?: 'builtin' | 'qdrant'; qdrantUrl?: string | null } = {}) {
  const world = createFakeWorld({ nodes: [], files: { 'a.txt': ['lamp'] } });
  const { settings } = world.dependencies;
  const current = settings.current();
  const index = { ...current.index, qdrantUrl: 'http://127.0.0.1:6333', ...own };
  const service = createIndexingService({
    ...world.dependencies,
    settings: { ...settings, current: () => ({ ...current, index }) },
  });
  const source = await service.addSource({
    path: '/notes',
    embedder: { kind: 'builtin' },
    wake: false,
    whenGpuGone: 'use-cpu',
  });
  const view = async () => (await service.sources())[0]?.vectors;
  return { world, service, source, view };
}

describe('moving the vectors of a folder', () => {
  it('shows its progress, then the engine that the index names', async () => {
    const { world, service, source, view } = await open();
    const done = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    world.index.moveVectors = async (to, _signal, onMoved) => {
      onMoved?.(3, 10);
      begun.resolve();
      await done.promise;
      world.index.meta.vectors = { engine: to, unsent: 0 };
    };
    expect(service.moveVectors(source.id, 'qdrant').vectors).toEqual({
      engine: 'builtin',
      unsent: 0,
      moving: { to: 'qdrant', done: 0, total: 0 },
    });
    await begun.promise;
    expect((await view())?.moving).toEqual({ to: 'qdrant', done: 3, total: 10 });
    expect(() => service.moveVectors(source.id, 'qdrant')).toThrow(
      expect.objectContaining({ code: 'JOB_RUNNING' }),
    );
    done.resolve();
    await service.cancelVectorMove(source.id);
    expect(await view()).toEqual({ engine: 'qdrant', unsent: 0 });
    expect(world.told.map(({ message }) => message)).toContainEqual(
      fact('VECTORS_MOVED', { folder: source.name, to: 'qdrant' }),
    );
  });

  it('leaves them where they are when it is cancelled, without a word of failure', async () => {
    const { world, service, source, view } = await open();
    world.index.moveVectors = (_to, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    service.moveVectors(source.id, 'qdrant');
    // It has to reach the index first.
    await service.sources();
    const after = await service.cancelVectorMove(source.id);
    expect(after.vectors).toBeUndefined();
    expect(await view()).toBeUndefined();
    expect(world.told.some(({ message }) => JSON.stringify(message).includes('VECTORS_NOT_MOVED'))).toBe(
      false,
    );
  });

  it('says why it failed, until the next one', async () => {
    const { world, service, source, view } = await open();
    world.index.moveVectors = () => Promise.reject(new PilotlightError('QDRANT_UNREACHABLE'));
    service.moveVectors(source.id, 'qdrant');
    await service.cancelVectorMove(source.id);
    expect((await view())?.trouble?.code ?? 'none').toBe('none');
    service.moveVectors(source.id, 'qdrant');
    while ((await view())?.moving) await service.sources();
    expect((await view())?.trouble?.code).toBe('QDRANT_UNREACHABLE');
    world.index.moveVectors = async () => {};
    service.moveVectors(source.id, 'qdrant');
    while ((await view())?.moving) await service.sources();
    expect(await view()).toBeUndefined();
  });

  it('is refused without a server', async () => {
    const { service, source } = await open({ qdrantUrl: null });
    expect(() => service.moveVectors(source.id, 'qdrant')).toThrow(
      expect.objectContaining({ code: 'QDRANT_NOT_SET' }),
    );
    expect(() => service.moveVectors('nope', 'builtin')).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});

describe('an engine that cannot be used', () => {
  it('leaves the keywords, and a search says so', async () => {
    const { world, service, source } = await open();
    const asked: boolean[] = [];
    world.index.search = async ({ vector }) => {
      asked.push(vector !== null);
      if (vector !== null) throw new PilotlightError('QDRANT_UNREACHABLE');
      return [];
    };
    const result = await service.search({ text: 'lamp', sourceIds: null, limit: 5 }, never);
    expect(asked).toEqual([true, false]);
    expect(result.notices).toEqual([
      fact('KEYWORDS_ONLY_QDRANT', { folder: source.name, reason: expect.anything() }),
    ]);
  });

  it('is a warning for whoever uses it', async () => {
    const { world, service, source } = await open();
    world.index.checkEngine = () => Promise.reject(new PilotlightError('QDRANT_UNREACHABLE'));
    expect(await service.warnings(never)).toEqual([]);
    world.index.meta.vectors = { engine: 'qdrant', unsent: 0 };
    expect(await service.warnings(never)).toEqual([
      expect.objectContaining({ code: 'QDRANT_UNREACHABLE', folders: [source.name] }),
    ]);
    world.index.checkEngine = async () => {};
    expect(await service.warnings(never)).toEqual([]);
    const chosen = await open({ vectorEngine: 'qdrant', qdrantUrl: null });
    expect(await chosen.service.warnings(never)).toEqual([
      expect.objectContaining({ code: 'QDRANT_NOT_SET', folders: [] }),
    ]);
  });
});
