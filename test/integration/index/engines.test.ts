/** One contract for both engines of vectors, then what only Qdrant has: a server that may be away, and moving there. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { IndexSettings } from '../../../electron/adapters/vectors/protocol.ts';
import type { SourceIndex } from '../../../electron/core/ports/vectors.ts';
import { type FakeQdrant, startFakeQdrant } from '../../fakes/qdrant.ts';
import { codeOf, never, openWorkplace } from './harness.ts';

type EngineName = NonNullable<IndexSettings['engine']>;
const COLLECTION = 'pilotlight-source';

async function openPlace(engine: EngineName) {
  const qdrant = await startFakeQdrant();
  onTestFinished(() => qdrant[Symbol.asyncDispose]());
  const settings: IndexSettings = {
    ...{ maxFileBytes: 1_000_000, chunkTokens: 128, engine },
    qdrant: { url: qdrant.url, key: null },
  };
  const place = openWorkplace({ settings: () => settings });
  onTestFinished(() => place[Symbol.asyncDispose]());
  return { place, qdrant, settings };
}

/** Directions of their own in four dimensions. */
const vectorOf = (number: number) => new Float32Array([Math.cos(number), Math.sin(number), number % 3, 1]);

async function put(index: SourceIndex, path: string, number: number): Promise<void> {
  const file = await index.prepare(path, never);
  await index.commit(
    file.token,
    file.chunks.map(() => vectorOf(number)),
  );
}

async function filled(engine: EngineName, files = 20) {
  const opened = await openPlace(engine);
  const index = await opened.place.open('sha256:one');
  for (let number = 0; number < files; number += 1) {
    opened.place.write(`f${number}.txt`, `text ${number}`);
    await put(index, `f${number}.txt`, number);
  }
  return { ...opened, index };
}

const found = async (index: SourceIndex, number: number, limit = 3) =>
  (await index.search({ text: '', vector: vectorOf(number), limit }, never)).map(({ path }) => path);

/** Resolves when everything is there. */
async function sent(qdrant: FakeQdrant, index: SourceIndex): Promise<void> {
  while ((await index.meta()).vectors?.unsent !== 0 || !qdrant.collections.has(COLLECTION)) {
    // Each question is a round trip to the worker that sends.
  }
}

describe.each<EngineName>(['builtin', 'qdrant'])('the engine %s', (engine) => {
  test('finds the nearest exactly, with what has just been committed', async () => {
    const { index } = await filled(engine);
    expect((await index.meta()).vectors?.engine).toBe(engine);
    const hits = await index.search({ text: '', vector: vectorOf(7), limit: 20 }, never);
    expect(hits[0]).toMatchObject({ path: 'f7.txt', vectorScore: expect.closeTo(1, 5), wordRank: null });
    expect(hits.map(({ vectorRank }) => vectorRank)).toEqual(hits.map((_, at) => at + 1));
    const scores = hits.map(({ vectorScore }) => vectorScore as number);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  test('forgets what was replaced, removed or emptied', async () => {
    const { place, qdrant, index } = await filled(engine);
    if (engine === 'qdrant') await sent(qdrant, index);
    place.write('f7.txt', 'other text');
    await put(index, 'f7.txt', 40);
    expect((await found(index, 40, 1))[0]).toBe('f7.txt');
    expect(await found(index, 7, 1)).not.toEqual(['f7.txt']);
    rmSync(join(place.folder, 'f8.txt'));
    await index.scan({ full: false }, never);
    expect(await found(index, 8, 30)).not.toContain('f8.txt');
    await index.reset({ id: 'sha256:two', dimensions: null });
    expect(await found(index, 1)).toEqual([]);
    const again = await place.open('sha256:two');
    await put(again, 'f1.txt', 1);
    expect(await found(again, 1)).toEqual(['f1.txt']);
    expect((await again.meta()).vectors?.engine).toBe(engine);
  });

  test('keeps everything when its worker is killed', async () => {
    const { place, index } = await filled(engine);
    await place.kill();
    expect((await found(index, 3, 1))[0]).toBe('f3.txt');
    place.write('new.txt', 'new');
    await put(index, 'new.txt', 50);
    await place.kill();
    expect((await found(index, 50, 1))[0]).toBe('new.txt');
  });

  test('moves to the other one and back, and finds the same', async () => {
    const { qdrant, index } = await filled(engine);
    const before = await found(index, 5, 20);
    const other = engine === 'builtin' ? 'qdrant' : 'builtin';
    const moved: number[][] = [];
    await index.moveVectors(other, never, (done, all) => moved.push([done, all]));
    expect((await index.meta()).vectors).toEqual({ engine: other, unsent: 0 });
    expect(await found(index, 5, 20)).toEqual(before);
    if (other === 'qdrant') expect(moved.at(-1)).toEqual([20, 20]);
    await index.moveVectors(engine, never);
    expect((await index.meta()).vectors).toEqual({ engine, unsent: 0 });
    expect(await found(index, 5, 20)).toEqual(before);
    expect(qdrant.collections.has(COLLECTION)).toBe(engine === 'qdrant');
  });

  test('is deleted with its index', async () => {
    const { place, qdrant, index } = await filled(engine);
    if (engine === 'qdrant') await sent(qdrant, index);
    await place.store.removeIndex('source');
    expect([...qdrant.collections.keys()]).toEqual([]);
    expect(existsSync(place.databaseFile)).toBe(false);
  });
});

describe('Qdrant', () => {
  test('gets ids and vectors only', async () => {
    const { qdrant, index } = await filled('qdrant', 3);
    await sent(qdrant, index);
    const points = [...(qdrant.collections.get(COLLECTION)?.points ?? [])];
    expect(points.map(([id]) => id)).toEqual([1, 2, 3]);
    expect(points.every(([, vector]) => Math.abs(Math.hypot(...vector) - 1) < 1e-5)).toBe(true);
  });

  test('while it is away, files are indexed and a search says so; then it gets what is missing', async () => {
    const { place, qdrant, index } = await filled('qdrant');
    await sent(qdrant, index);
    await qdrant.stop();
    place.write('late.txt', 'late');
    await put(index, 'late.txt', 60);
    expect(await codeOf(found(index, 60))).toBe('QDRANT_UNREACHABLE');
    const words = await index.search({ text: 'late', vector: null, limit: 5 }, never);
    expect(words.map(({ path }) => path)).toEqual(['late.txt']);
    await qdrant.start();
    expect((await found(index, 60, 1))[0]).toBe('late.txt');
    await sent(qdrant, index);
    expect(qdrant.collections.get(COLLECTION)?.points.size).toBe(21);
  });

  test('refuses a wrong key, and what is no Qdrant', async () => {
    const { qdrant, index, settings } = await filled('qdrant');
    await sent(qdrant, index);
    qdrant.key = 'right';
    expect(await codeOf(found(index, 1))).toBe('QDRANT_REFUSED');
    settings.qdrant = { url: qdrant.url, key: 'right' };
    expect((await found(index, 1, 1))[0]).toBe('f1.txt');
    settings.qdrant = null;
    expect(await codeOf(found(index, 1))).toBe('QDRANT_NOT_SET');
  });

  test('that lost the collection, or is another server, gets every vector again', async () => {
    const { qdrant, index, settings } = await filled('qdrant');
    await sent(qdrant, index);
    qdrant.collections.clear();
    expect(await codeOf(found(index, 1))).toBe('QDRANT_COLLECTION_LOST');
    expect((await found(index, 1, 1))[0]).toBe('f1.txt');
    await sent(qdrant, index);
    expect(qdrant.collections.get(COLLECTION)?.points.size).toBe(20);
    const other = await startFakeQdrant();
    onTestFinished(() => other[Symbol.asyncDispose]());
    settings.qdrant = { url: other.url, key: null };
    expect((await found(index, 2, 1))[0]).toBe('f2.txt');
    await sent(other, index);
    expect(other.collections.get(COLLECTION)?.points.size).toBe(20);
  });

  test('a cancelled move leaves nothing there, and the vectors where they are', async () => {
    const { qdrant, index } = await filled('builtin');
    const cancel = new AbortController();
    qdrant.before = (call) => {
      if (call.startsWith('PUT') && call.endsWith('/points')) cancel.abort();
    };
    expect(await codeOf(index.moveVectors('qdrant', cancel.signal))).not.toBe('resolved');
    expect((await index.meta()).vectors).toEqual({ engine: 'builtin', unsent: 0 });
    expect((await found(index, 4, 1))[0]).toBe('f4.txt');
    while (qdrant.collections.size > 0) await index.meta();
  });

  test('a move that is killed in the middle continues, with what was committed meanwhile', async () => {
    const { place, qdrant, index } = await filled('builtin');
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    qdrant.before = async (call) => {
      if (!call.endsWith('/points')) return;
      begun.resolve();
      await held.promise;
    };
    const moving = codeOf(index.moveVectors('qdrant', never));
    await begun.promise;
    place.write('meanwhile.txt', 'meanwhile');
    await put(index, 'meanwhile.txt', 70);
    await place.kill();
    expect(await moving).toBe('WORKER_LOST');
    qdrant.before = () => {};
    held.resolve();
    expect((await index.meta()).vectors?.engine).toBe('builtin');
    expect((await found(index, 70, 1))[0]).toBe('meanwhile.txt');
    await index.moveVectors('qdrant', never);
    expect(qdrant.collections.get(COLLECTION)?.points.size).toBe(21);
    expect((await found(index, 70, 1))[0]).toBe('meanwhile.txt');
  });

  test('a move to a server that cannot be reached changes nothing', async () => {
    const { qdrant, index, settings } = await filled('builtin');
    await qdrant.stop();
    expect(await codeOf(index.moveVectors('qdrant', never))).toBe('QDRANT_UNREACHABLE');
    settings.qdrant = null;
    expect(await codeOf(index.moveVectors('qdrant', never))).toBe('QDRANT_NOT_SET');
    expect((await index.meta()).vectors?.engine).toBe('builtin');
    expect((await found(index, 4, 1))[0]).toBe('f4.txt');
  });
});
