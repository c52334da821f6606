/** A source that turned out to be Pilotlight's own data folder: nothing of it stays in the index. */
import { expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeWorld, nodeView, untilEnded } from '../../../fakes/indexing.ts';

const wanted = { full: false, rebuild: false, useGpu: false, callbackUrl: null };
const here = nodeView({ id: 'here', kind: 'this-computer' });

async function start(paths: readonly string[]) {
  const world = createFakeWorld({ nodes: [here], files: { 'a.md': ['one'], 'b.md': ['two'] } });
  const service = createIndexingService(world.dependencies);
  for (const path of paths) {
    await service.addSource({ path, embedder: { kind: 'builtin' }, wake: false, whenGpuGone: 'use-cpu' });
  }
  const run = async () => {
    const { id } = service.startJob({ ...wanted, sourceIds: null });
    return untilEnded(world, () => service.job(id));
  };
  return { world, service, run };
}

function refuse(world: ReturnType<typeof createFakeWorld>, refused: string): void {
  world.dependencies.folders.resolve = async (path) => {
    if (path === refused) throw new PilotlightError('OWN_DATA_FOLDER', { details: { field: 'path', path } });
    return path;
  };
}

it('is refused where it is entered', async () => {
  const { world, service } = await start([]);
  refuse(world, '/data');
  await expect(
    service.addSource({ path: '/data', embedder: { kind: 'builtin' }, wake: false, whenGpuGone: 'wait' }),
  ).rejects.toMatchObject({ code: 'OWN_DATA_FOLDER', next: expect.stringMatching(/./) });
  expect(world.sources.size).toBe(0);
});

it('is emptied by the next run, which fails and says why', async () => {
  const { world, run } = await start(['/data']);
  expect(await run()).toMatchObject({ status: 'completed', vectors: 2 });
  refuse(world, '/data');
  expect(await run()).toMatchObject({ status: 'failed', error: { code: 'OWN_DATA_FOLDER' } });
  expect(world.index.committed.size).toBe(0);
});

it('is a failure among others, which are indexed', async () => {
  const { world, run } = await start(['/data', '/notes']);
  refuse(world, '/data');
  expect(await run()).toMatchObject({
    status: 'completed',
    vectors: 2,
    failures: [{ path: '/data', code: 'OWN_DATA_FOLDER' }],
  });
});
