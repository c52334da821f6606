import { expect, it } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import type { Store } from '../../../../electron/core/ports/state.ts';
import { createKeptStore } from '../../../../electron/core/state/kept-store.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeWorld, nodeView, silentLog, untilEnded } from '../../../fakes/indexing.ts';
import { createMemorySecrets } from '../../../fakes/secrets.ts';

const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: false, callbackUrl: null };

function open() {
  const world = createFakeWorld({
    nodes: [nodeView({ id: 'here', kind: 'this-computer' })],
    files: { a: ['b'] },
  });
  const { store: saved } = createSqliteStore({ path: ':memory:', secrets: createMemorySecrets() });
  const disk = { isFull: false };
  const store: Store = {
    ...saved,
    transaction(work) {
      if (disk.isFull) throw new PilotlightError('DISK_FULL');
      return saved.transaction(work);
    },
  };
  const { clock } = world;
  const kept = createKeptStore({ store, clock, log: silentLog, onTrouble: () => {}, onSaved: () => {} });
  const dependencies = { ...world.dependencies, store: kept };
  const add = (service: ReturnType<typeof createIndexingService>) =>
    service.addSource({ path: '/a', embedder: { kind: 'builtin' }, wake: false, whenGpuGone: 'use-cpu' });
  return { world, saved, disk, kept, dependencies, add };
}

it('a job that ends while the disk is full has ended everywhere, and is not taken up again', async () => {
  const { world, saved, disk, kept, dependencies, add } = open();
  const service = createIndexingService(dependencies);
  const source = await add(service);
  world.index.before = (step) => {
    if (step !== 'builtin') return;
    disk.isFull = true;
    throw new PilotlightError('DISK_FULL');
  };
  const { id } = service.startJob(wanted);
  const ended = await untilEnded(world, () => service.job(id));
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'DISK_FULL' } });
  expect(service.jobs(5)).toMatchObject([{ id, status: 'failed' }]);
  expect(world.dependencies.streams.jobs.get(id)).toMatchObject({ status: 'failed' });
  expect((await service.sources())[0]?.lastRun).toMatchObject({ jobId: id, status: 'failed' });
  expect(saved.jobs.get(id)?.status).toBe('running');

  // A new job cannot begin, and changes nothing.
  expect(() => service.startJob(wanted)).toThrowError(expect.objectContaining({ code: 'DISK_FULL' }));
  expect(service.currentJob()).toBeNull();
  expect(service.jobs(5)).toHaveLength(1);

  disk.isFull = false;
  await world.clock.advance(60_000);
  expect(saved.jobs.get(id)).toMatchObject({ status: 'failed', error: { code: 'DISK_FULL' } });
  await service.removeSource(source.id);
  await service.stop();
  expect(kept.unsaved.size).toBe(0);
});

it('a waiting job that is cancelled while the disk is full is cancelled; one that is taken up again begins', async () => {
  const { world, saved, disk, dependencies, add } = open();
  const first = createIndexingService(dependencies);
  await add(first);
  const { id } = first.startJob(wanted);
  await first.stop();
  expect(saved.jobs.get(id)?.status).toBe('running');

  const waiting = createIndexingService(dependencies);
  waiting.start({ resume: false });
  disk.isFull = true;
  expect(waiting.cancelJob(id)).toMatchObject({ status: 'cancelled' });
  expect(waiting.job(id)).toMatchObject({ status: 'cancelled' });
  expect(waiting.jobs(5)).toMatchObject([{ id, status: 'cancelled' }]);
  await waiting.stop();
  disk.isFull = false;
  await world.clock.advance(60_000);
  expect(saved.jobs.get(id)?.status).toBe('cancelled');

  const third = createIndexingService(dependencies);
  const again = third.startJob(wanted);
  await third.stop();
  disk.isFull = true;
  const fourth = createIndexingService(dependencies);
  fourth.start();
  // It begins, and ends where it has to save how far it came.
  expect(await untilEnded(world, () => fourth.job(again.id))).toMatchObject({
    status: 'failed',
    error: { code: 'DISK_FULL' },
  });
  await fourth.stop();
});
