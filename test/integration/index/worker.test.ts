import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { codeOf, never, openWorkplace } from './harness.ts';

const paragraph = (seed: number) =>
  Array.from({ length: 60 }, (_, word) => `word${(seed * 31 + word * 7) % 997}`).join(' ');
const fileOf = (seed: number, paragraphs: number) =>
  Array.from({ length: paragraphs }, (_, i) => paragraph(seed * 100 + i)).join('\n\n');

describe('the worker', () => {
  test('killed at any point: a new one continues, and nothing is lost or duplicated', async () => {
    await using place = openWorkplace();
    const paths: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      paths.push(`f${String(i).padStart(2, '0')}.txt`);
      place.write(paths[i] as string, fileOf(i, 6));
    }
    const index = await place.open();
    let kills = 0;
    for (;;) {
      const scan = await index.scan({ full: false }, never);
      const left = scan.pending.map((file) => file.path);
      if (left.length === 0) break;
      const indexing = index.indexBuiltin(left, never);
      const watched = codeOf(indexing);
      const enough = scan.unchanged + (kills % 5);
      while ((await index.meta()).files < Math.min(60, enough)) {
        // Asked again until the worker is so many files further.
      }
      if (kills < 12) {
        kills += 1;
        await place.kill();
        expect(await watched).toBe('WORKER_LOST');
      } else expect(await watched).toBe('resolved');
    }
    expect(kills).toBe(12);
    expect(await index.meta()).toMatchObject({ files: 60 });
    await index.close();
    place.expectSound(paths);
    // Twelve processes, one after the other.
  }, 180_000);

  test('killed between scan and prepare, or with prepared files in hand', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'some words');
    const index = await place.open('sha256:one');
    const file = await index.prepare('a.txt', never);
    await place.kill();
    expect(await codeOf(index.commit(file.token, [new Float32Array([1, 0])]))).toBe('WORKER_LOST');
    const again = await index.prepare('a.txt', never);
    expect(await index.commit(again.token, [new Float32Array([3, 4])])).toMatchObject({ chunks: 1 });
    expect(await index.meta()).toMatchObject({
      embedderId: 'sha256:one',
      dimensions: 2,
      files: 1,
      chunks: 1,
    });
    const hits = await index.search({ text: '', vector: new Float32Array([6, 8]), limit: 5 }, never);
    expect(hits[0]?.vectorScore).toBeCloseTo(1, 5);
    expect(hits[0]?.wordRank).toBeNull();
  });

  test('vectors are checked before anything is stored', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'some words');
    place.write('b.txt', 'other words');
    const index = await place.open('sha256:one');
    const a = await index.prepare('a.txt', never);
    await index.commit(a.token, [new Float32Array([1, 0, 0])]);
    const b = await index.prepare('b.txt', never);
    for (const vectors of [
      [],
      [new Float32Array([1, 0])],
      [new Float32Array([1, Number.NaN, 0])],
      [new Float32Array([1, 0, 0]), new Float32Array([1, 0, 0])],
    ]) {
      expect(await codeOf(index.commit(b.token, vectors))).toBe('DIMENSION_MISMATCH');
    }
    expect(await index.meta()).toMatchObject({ files: 1 });
    const query = { text: 'words', vector: new Float32Array([1, 0]), limit: 5 };
    expect(await codeOf(index.search(query, never))).toBe('DIMENSION_MISMATCH');
    await index.discard(b.token);
    expect(await codeOf(index.commit(b.token, [new Float32Array([1, 0, 0])]))).toBe('WORKER_LOST');

    const other = await place.open('sha256:two');
    expect((await other.meta()).embedderId).toBe('sha256:one');
    const c = await other.prepare('b.txt', never);
    expect(await codeOf(other.commit(c.token, [new Float32Array([1, 0, 0])]))).toBe('EMBEDDER_MISMATCH');
    await other.reset({ id: 'sha256:two', dimensions: null });
    expect(await other.meta()).toEqual({
      embedderId: 'sha256:two',
      dimensions: null,
      files: 0,
      chunks: 0,
      incomplete: false,
      vectors: { engine: 'builtin', unsent: 0 },
    });
    const d = await other.prepare('b.txt', never);
    expect(await other.commit(d.token, [new Float32Array([1, 0])])).toMatchObject({ chunks: 1 });
    expect((await other.scan({ full: false }, never)).pending.map((file) => file.path)).toEqual(['a.txt']);
  });

  test('prepared files are limited; one too many is refused, and the others stay', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'some words');
    const index = await place.open('sha256:one');
    const tokens: string[] = [];
    for (let i = 0; i < 1024; i += 1) tokens.push((await index.prepare('a.txt', never)).token);
    expect(await codeOf(index.prepare('a.txt', never))).toBe('SERVER_BUSY');
    await index.discard(tokens[0] as string);
    const file = await index.prepare('a.txt', never);
    await index.commit(file.token, [new Float32Array([1])]);
    await index.commit(tokens[1] as string, [new Float32Array([1])]);
    expect(await index.meta()).toMatchObject({ files: 1, chunks: 1 });
  });

  test('a search is answered while an index run is under way', async () => {
    await using place = openWorkplace();
    for (let i = 0; i < 200; i += 1) place.write(`${i}.txt`, fileOf(i, 10));
    const index = await place.open();
    const { pending } = await index.scan({ full: false }, never);
    const order: string[] = [];
    const indexing = index
      .indexBuiltin(
        pending.map((file) => file.path),
        never,
      )
      .then(() => order.push('indexed'));
    await place.search(index, 'word1 word2');
    order.push('searched');
    await indexing;
    expect(order).toEqual(['searched', 'indexed']);
  });

  test('an aborted run keeps what it committed and stops there', async () => {
    await using place = openWorkplace();
    for (let i = 0; i < 200; i += 1) place.write(`${i}.txt`, fileOf(i, 10));
    const index = await place.open();
    const { pending } = await index.scan({ full: false }, never);
    const controller = new AbortController();
    const paths = pending.map((file) => file.path);
    const indexing = index.indexBuiltin(paths, controller.signal);
    await index.meta();
    controller.abort(new Error('stop'));
    await expect(indexing).rejects.toThrow('stop');
    const { files } = await index.meta();
    expect(files).toBeLessThan(200);
    const rest = await index.scan({ full: false }, never);
    expect(rest.unchanged + rest.pending.length).toBe(200);
  });

  test('a closed store refuses; a removed index leaves no file', async () => {
    const place = openWorkplace();
    place.write('a.txt', 'words');
    const index = await place.open();
    await place.run(index);
    expect(existsSync(place.databaseFile)).toBe(true);
    await place.store.removeIndex('source');
    expect(readdirSync(place.indexes)).toEqual([]);
    expect(await codeOf(place.store.removeIndex('../files/a.txt'))).toBe('BAD_REQUEST');
    await place.store.close();
    expect(place.store.workerPid()).toBeNull();
    expect(await codeOf(index.meta())).toBe('STOPPING');
    await place[Symbol.asyncDispose]();
  });

  test('a worker that cannot start rejects the call instead of hanging', async () => {
    const { createForkWorkerHost } = await import('../../../electron/adapters/processes/worker-host.ts');
    await using place = openWorkplace({ workerHost: createForkWorkerHost({ entry: '/nowhere/worker.mjs' }) });
    expect(await codeOf(place.open())).toBe('WORKER_LOST');
  });
});

describe('damage and a full disk', () => {
  test('a damaged database is kept aside, with a notice, and a fresh one takes its place', async () => {
    await using place = openWorkplace();
    place.write('a.txt', 'words');
    const index = await place.open();
    await place.run(index);
    await index.close();
    writeFileSync(place.databaseFile, 'this is no database, whatever its name says'.repeat(100));
    expect(await index.meta()).toMatchObject({ files: 0, chunks: 0 });
    const keptAs = `${place.databaseFile}.corrupt-1`;
    expect(place.notices).toEqual([{ sourceId: 'source', code: 'INDEX_CORRUPT', keptAs }]);
    expect(readFileSync(keptAs, 'utf8')).toContain('no database');
    await place.run(index);
    await index.close();
    writeFileSync(place.databaseFile, 'again '.repeat(1000));
    await index.meta();
    expect(place.notices.at(-1)?.keptAs).toBe(`${place.databaseFile}.corrupt-2`);
    await place.run(index);
    await index.close();
    place.expectSound(['a.txt']);
  });

  test('an index of a newer version is refused and stays as it is', async () => {
    await using place = openWorkplace();
    const index = await place.open();
    await index.close();
    const database = new DatabaseSync(place.databaseFile);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(await codeOf(index.meta())).toBe('INDEX_NEWER');
    expect(place.notices).toEqual([]);
    expect(readdirSync(place.indexes).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  /** An index that was whole, after SQL from outside, opened again. */
  async function damagedBy(place: ReturnType<typeof openWorkplace>, sql: string) {
    for (const name of ['a', 'b', 'c']) place.write(`${name}.txt`, `common words of ${name}, ${name}only`);
    const index = await place.open();
    await place.run(index);
    await index.close();
    const database = new DatabaseSync(place.databaseFile);
    database.exec(sql);
    database.close();
    return index;
  }
  const ofB = "(SELECT chunks.id FROM chunks JOIN files ON files.id = file_id WHERE path = 'b.txt')";

  test.each([
    ['lost a vector', `DELETE FROM vectors WHERE chunk_id IN ${ofB}`],
    ['holds half a vector', `UPDATE vectors SET vector = substr(vector, 1, 700) WHERE chunk_id IN ${ofB}`],
    ['holds a vector of odd length', `UPDATE vectors SET vector = x'010203' WHERE chunk_id IN ${ofB}`],
    ['holds a text for a vector', `UPDATE vectors SET vector = 'text' WHERE chunk_id IN ${ofB}`],
    ['holds no number', `UPDATE vectors SET vector = x'${'ff'.repeat(1536)}' WHERE chunk_id IN ${ofB}`],
    ['lost a chunk', `PRAGMA foreign_keys = ON; DELETE FROM chunks WHERE id IN ${ofB}`],
    [
      'lost the words of a chunk',
      `DELETE FROM words WHERE rowid IN ${ofB}; DELETE FROM vectors WHERE chunk_id IN ${ofB}`,
    ],
  ])('an index that %s answers with the rest, says so, and is whole after the next run', async (_, sql) => {
    await using place = openWorkplace();
    const index = await damagedBy(place, sql);
    const [vector = null] = await place.store.embedBuiltin(['common words']);
    const search = () => index.search({ text: 'common words', vector, limit: 10 }, never);
    const paths = (await search()).map((hit) => hit.path);
    expect(paths).toEqual(expect.arrayContaining(['a.txt', 'c.txt']));
    expect(await index.meta()).toMatchObject({ incomplete: true });
    expect(place.notices).toMatchObject([{ code: 'INDEX_INCOMPLETE', keptAs: null }]);
    // Known after a restart, too, without a search.
    await index.close();
    expect(await index.meta()).toMatchObject({ incomplete: true });
    const { scan } = await place.run(index);
    expect(scan.pending.map(({ path }) => path)).toEqual(['b.txt']);
    expect(await index.meta()).toMatchObject({ incomplete: false, files: 3 });
    const found = await search();
    expect(
      found
        .filter((hit) => hit.vectorRank !== null)
        .map((hit) => hit.path)
        .sort(),
    ).toEqual(['a.txt', 'b.txt', 'c.txt']);
    place.expectSound(['a.txt', 'b.txt', 'c.txt']);
  });

  test.each([
    ['a table is missing', 'DROP TABLE vectors'],
    ['a column is missing', 'ALTER TABLE files DROP COLUMN settled'],
    ['the number of dimensions is none', "UPDATE meta SET value = 'many' WHERE key = 'dimensions'"],
  ])('an index where %s goes aside, says so, and is whole after the next run', async (_, sql) => {
    await using place = openWorkplace();
    const index = await damagedBy(place, sql);
    const meta = await index.meta().catch(() => index.meta());
    expect(meta).toMatchObject({ files: 0, incomplete: true });
    expect(place.notices).toMatchObject([
      { code: 'INDEX_CORRUPT', keptAs: `${place.databaseFile}.corrupt-1` },
    ]);
    await index.close();
    expect(await index.meta()).toMatchObject({ incomplete: true });
    await place.run(index);
    expect(await index.meta()).toMatchObject({ files: 3, incomplete: false });
    place.expectSound(['a.txt', 'b.txt', 'c.txt']);
  });

  test.each([
    ['is empty', (file: string) => writeFileSync(file, '')],
    [
      'is half of itself',
      (file: string) => writeFileSync(file, readFileSync(file).subarray(0, readFileSync(file).length / 2)),
    ],
    [
      'is a folder',
      (file: string) => {
        rmSync(file);
        mkdirSync(file);
        writeFileSync(join(file, 'x'), 'x');
      },
    ],
  ])('an index file that %s goes aside as it is', async (_, damage) => {
    await using place = openWorkplace();
    const index = await damagedBy(place, 'SELECT 1');
    damage(place.databaseFile);
    const bytes = statSync(place.databaseFile).isFile() ? readFileSync(place.databaseFile) : null;
    await place.run(index).catch(() => place.run(index));
    const [notice] = place.notices;
    expect(notice).toMatchObject({ code: 'INDEX_CORRUPT', keptAs: `${place.databaseFile}.corrupt-1` });
    if (bytes === null) expect(readdirSync(`${notice?.keptAs}`)).toEqual(['x']);
    else expect(readFileSync(`${notice?.keptAs}`)).toEqual(bytes);
    expect(await index.meta()).toMatchObject({ files: 3, incomplete: false });
  });

  test('damage that shows in the middle of a job', async () => {
    await using place = openWorkplace();
    for (let i = 0; i < 40; i += 1) place.write(`${i}.txt`, fileOf(i, 20));
    const index = await place.open();
    await place.run(index);
    await index.close();
    // The first half, with the schema, stays whole: only using the tables shows the damage.
    const size = readFileSync(place.databaseFile).length;
    const file = openSync(place.databaseFile, 'r+');
    const noise = Buffer.alloc(4096, 0xa5);
    for (let at = 4096 * Math.floor(size / 8192); at + 4096 <= size; at += 4096)
      writeSync(file, noise, 0, 4096, at);
    expect(place.notices).toEqual([]);
    expect(await codeOf(place.run(index, true))).toBe('INDEX_CORRUPT');
    expect(await codeOf(place.run(index, true))).toBe('resolved');
    expect(place.notices).toHaveLength(1);
    await index.close();
    place.expectSound(Array.from({ length: 40 }, (_, i) => `${i}.txt`));
  });

  test('a full disk is reported; what was committed stays, and indexing continues when there is room', async () => {
    const limited = openWorkplace({ maxIndexBytes: 400_000 });
    for (let i = 0; i < 60; i += 1) limited.write(`${i}.txt`, fileOf(i, 10));
    const index = await limited.open();
    const { pending } = await index.scan({ full: false }, never);
    const paths = pending.map((file) => file.path);
    expect(await codeOf(index.indexBuiltin(paths, never))).toBe('DISK_FULL');
    const { files } = await index.meta();
    expect(files).toBeGreaterThan(0);
    expect(files).toBeLessThan(60);
    expect((await limited.search(index, 'word31')).length).toBeGreaterThan(0);
    await limited.store.close();
    limited.expectSound(paths.slice(0, files));

    const roomy = openWorkplace({ folder: limited.indexes });
    const again = await roomy.store.openIndex({
      id: 'source',
      path: limited.folder,
      embedderId: 'builtin:lexical-384',
    });
    await limited.run(again);
    expect(await again.meta()).toMatchObject({ files: 60 });
    await roomy.store.close();
    limited.expectSound(paths);
    await limited[Symbol.asyncDispose]();
    await roomy[Symbol.asyncDispose]();
  });

  test('an index folder that cannot be created is reported', async () => {
    await using place = openWorkplace();
    const blocked = openWorkplace({ folder: join(place.write('a-file', 'x'), 'indexes') });
    expect(await codeOf(blocked.open())).toBe('DATA_FOLDER_UNUSABLE');
    await blocked[Symbol.asyncDispose]();
  });
});
