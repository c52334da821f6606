/** A search on the node that is building an index: it is answered by its meaning, however slow the node is. */
import { expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import {
  createFakeWorld,
  digest,
  type FakeWorld,
  modelName,
  nodeView,
  vectorOf,
} from '../../../fakes/indexing.ts';

/** As a real server does it: one text after another, whatever requests they came in. */
function serial(world: FakeWorld, id: string, msPerText: number): { sizes: number[] } {
  const sizes: number[] = [];
  let free = Promise.resolve();
  world.fleet.servers.set(id, (texts) => {
    sizes.push(texts.length);
    const done = free.then(() => world.clock.sleep(msPerText * texts.length));
    free = done;
    return done.then(() => texts.map(vectorOf));
  });
  return { sizes };
}

it.each([
  ['a node that needs a quarter of a second for each text', 250],
  ['a node that needs a second and a half', 1500],
])('%s', async (_, msPerText) => {
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, file) => [
      `f${file}.md`,
      [1, 2, 3, 4].map((text) => `file ${file} text ${text}`),
    ]),
  );
  const world = createFakeWorld({ nodes: [nodeView({ id: 'nas', hasGpu: false })], files });
  const { sizes } = serial(world, 'nas', msPerText);
  const service = createIndexingService(world.dependencies);
  const embedder = { kind: 'model', name: modelName, digest } as const;
  await service.addSource({ path: '/notes', name: 'Notes', embedder, wake: false, whenGpuGone: 'use-cpu' });
  service.start();
  const { id } = service.startJob({
    sourceIds: null,
    full: false,
    rebuild: false,
    useGpu: true,
    callbackUrl: null,
  });
  await world.clock.advance(12_500);
  const before = service.job(id).vectors;
  for (const wait of [0, 700, 1900]) {
    await world.clock.advance(wait);
    const search = service.search({ text: 'text', sourceIds: null, limit: 5 }, new AbortController().signal);
    await world.clock.advance(4000);
    const { notices, tookMs } = await search;
    expect(notices).toEqual([]);
    expect(tookMs).toBeLessThan(4000);
  }
  // The job continues between the queries.
  expect(service.job(id).vectors).toBeGreaterThan(before);
  await world.clock.advance(160 * msPerText);
  expect(service.job(id)).toMatchObject({ status: 'completed', vectors: 160 });
  // The node worked on batches of about two seconds.
  expect(Math.max(...sizes.slice(2))).toBeLessThanOrEqual(Math.max(1, 2000 / msPerText));
});
