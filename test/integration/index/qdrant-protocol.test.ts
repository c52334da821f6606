/**
 * Our calls of Qdrant beside those of its own client: both say the same to a server, and its client understands what the
 * fake server of the other tests answers.
 */
import { QdrantClient } from '@qdrant/js-client-rest';
import { expect, onTestFinished, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createQdrantClient } from '../../../electron/adapters/vectors/qdrant/qdrant-client.ts';
import { startFakeQdrant } from '../../fakes/qdrant.ts';

const NAME = 'pilotlight-one';
const vectors = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0.5, 0.5, 0.5, 0.5],
];
const points = vectors.map((vector, at) => ({ id: at + 1, vector }));

async function open() {
  const qdrant = await startFakeQdrant();
  onTestFinished(() => qdrant[Symbol.asyncDispose]());
  const http = createNodeHttp();
  const ours = createQdrantClient({ http, server: { url: qdrant.url, key: null } });
  const theirs = new QdrantClient({ url: qdrant.url, checkCompatibility: false });
  /** What the server was asked by some work. */
  async function askedBy(work: () => Promise<unknown>) {
    const from = qdrant.calls.length;
    await work();
    return qdrant.calls.slice(from).map((call, at) => ({ call, ...qdrant.requests[from + at] }));
  }
  return { qdrant, ours, theirs, askedBy };
}

test('each call is the one that Qdrant’s own client makes', async () => {
  const { ours, theirs, askedBy } = await open();
  const pairs: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ['check', () => ours.check(), () => theirs.getCollections()],
    [
      'create',
      () => ours.createCollection(NAME, 4),
      async () => {
        await theirs.deleteCollection(NAME);
        await theirs.createCollection(NAME, {
          vectors: { size: 4, distance: 'Dot', on_disk: true },
          quantization_config: { scalar: { type: 'int8', always_ram: true } },
        });
      },
    ],
    [
      'upsert',
      () =>
        ours.upsert(
          NAME,
          points.map(({ id, vector }) => ({ id, vector: new Float32Array(vector) })),
        ),
      () => theirs.upsert(NAME, { wait: true, points: points.map((point) => ({ ...point, payload: {} })) }),
    ],
    ['count', () => ours.count(NAME), () => theirs.count(NAME, { exact: true })],
    [
      'query',
      () => ours.nearest(NAME, new Float32Array([1, 0, 0, 0]), 2),
      () => theirs.query(NAME, { query: [1, 0, 0, 0], limit: 2, with_payload: false, with_vector: false }),
    ],
    [
      'delete points',
      () => ours.deletePoints(NAME, [1, 2]),
      () => theirs.delete(NAME, { wait: true, points: [1, 2] }),
    ],
    ['delete', () => ours.deleteCollection(NAME), () => theirs.deleteCollection(NAME)],
  ];
  for (const [what, our, their] of pairs) {
    const asked = await askedBy(our);
    expect(asked.length, what).toBeGreaterThan(0);
    expect(asked, what).toEqual(await askedBy(their));
  }
});

test('Qdrant’s own client reads what the fake server answers', async () => {
  const { theirs } = await open();
  await theirs.createCollection(NAME, { vectors: { size: 4, distance: 'Dot' } });
  expect((await theirs.getCollections()).collections).toEqual([{ name: NAME }]);
  await theirs.upsert(NAME, { wait: true, points });
  expect(await theirs.count(NAME, { exact: true })).toEqual({ count: 3 });
  const { points: found } = await theirs.query(NAME, { query: [1, 0, 0, 0], limit: 2 });
  expect(found.map(({ id, score }) => [id, score])).toEqual([
    [1, 1],
    [3, 0.5],
  ]);
  await theirs.delete(NAME, { wait: true, points: [1] });
  expect(await theirs.count(NAME, { exact: true })).toEqual({ count: 2 });
  await theirs.deleteCollection(NAME);
  await expect(theirs.count(NAME, { exact: true })).rejects.toMatchObject({ status: 404 });
  await theirs.createCollection(NAME, { vectors: { size: 4, distance: 'Dot' } });
  await expect(
    theirs.createCollection(NAME, { vectors: { size: 4, distance: 'Dot' } }),
  ).rejects.toMatchObject({ status: 409 });
  await expect(theirs.upsert(NAME, { points: [{ id: 1, vector: [1, 2] }] })).rejects.toMatchObject({
    status: 400,
  });
});
