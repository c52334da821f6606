import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCopyRecord } from '../../../../electron/workers/index/copy-record.ts';
import { openDatabase, replaceDamaged } from '../../../../electron/workers/index/database.ts';
import { createFileRows } from '../../../../electron/workers/index/file-rows.ts';
import { createMatrix } from '../../../../electron/workers/index/matrix.ts';
import { maxDifference } from '../../../../electron/workers/index/matrix-copy.ts';
import { createNearestVectors } from '../../../../electron/workers/index/nearest.ts';
import {
  copyFileOf,
  readVectorCopy,
  writeVectorCopy,
} from '../../../../electron/workers/index/vector-copy.ts';
import { normalised } from '../../../../electron/workers/index/vector-values.ts';

const never = new AbortController().signal;
const token = '123e4567-e89b-12d3-a456-426614174000';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-copy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const vectorOf = (number: number) =>
  normalised(new Float32Array(12).map((_, i) => Math.sin(number * (i + 1)) + Math.cos(number / (i + 2))));

function matrixOf(rows: number) {
  const matrix = createMatrix(12);
  for (let id = 1; id <= rows; id += 1) matrix.append(id * 2, vectorOf(id));
  return matrix;
}

const steps = { goOn: () => true, beforeNaming() {}, onNamed() {} };
const reading = { goOn: () => true, onRead() {} };

describe('the file', () => {
  test.each([0, 1, 4096, 9000])('gives back what it was made from, %i rows', async (rows) => {
    const file = join(folder, `rows-${rows}.vectors`);
    const matrix = matrixOf(rows);
    if (rows > 4) matrix.remove(8);
    await writeVectorCopy(file, matrix, token, steps);
    const copy = createMatrix(12);
    expect(await readVectorCopy(file, copy, ['another', token], reading)).toBe(true);
    expect([copy.size, copy.rows, copy.lastId]).toEqual([matrix.size, rows, rows * 2]);
    expect(copy.nearest(vectorOf(4), 20)).toEqual(matrix.nearest(vectorOf(4), 20));
    if (rows === 0) return;
    copy.append(rows * 2 + 1, vectorOf(0));
    expect(copy.nearest(vectorOf(0), 1)[0]?.id).toBe(rows * 2 + 1);
  });

  test('every damaged, foreign or missing one is refused', async () => {
    const file = join(folder, 'damaged.vectors');
    await writeVectorCopy(file, matrixOf(5000), token, steps);
    const good = await readFile(file);
    const isTaken = () => readVectorCopy(file, createMatrix(12), [token], reading);
    expect(await isTaken()).toBe(true);
    expect(await readVectorCopy(file, createMatrix(12), ['x'.repeat(36)], reading)).toBe(false);
    expect(await readVectorCopy(file, createMatrix(40), [token], reading)).toBe(false);
    for (const at of [0, 9, 45, 49, 63, 64, 5000, good.length / 2, good.length - 9, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[Math.floor(at)] = (bad[Math.floor(at)] as number) ^ 0x10;
      await writeFile(file, bad);
      expect([at, await isTaken()]).toEqual([at, false]);
    }
    for (const length of [0, 10, 64, good.length - 1]) {
      await writeFile(file, good.subarray(0, length));
      expect([length, await isTaken()]).toEqual([length, false]);
    }
    await writeFile(file, Buffer.concat([good, Buffer.alloc(1)]));
    expect(await isTaken()).toBe(false);
    await rm(file);
    expect(await isTaken()).toBe(false);
  });

  test('one that cannot be completed leaves nothing, and the former in place', async () => {
    const own = await mkdtemp(join(folder, 'unfinished-'));
    const file = join(own, 'x.vectors');
    await writeVectorCopy(file, matrixOf(10), token, steps);
    const before = await readFile(file);
    const turns = [true, true];
    await writeVectorCopy(file, matrixOf(9000), token, { ...steps, goOn: () => turns.pop() ?? false });
    await expect(
      writeVectorCopy(file, matrixOf(10), token, {
        ...steps,
        beforeNaming() {
          throw new Error('The disk is full.');
        },
      }),
    ).rejects.toThrow('The disk is full.');
    const matrix = matrixOf(9000);
    await writeVectorCopy(file, matrix, token, {
      ...steps,
      goOn() {
        // The places change in the middle.
        for (let id = 2; id <= 17_000; id += 2) matrix.remove(id);
        return true;
      },
    });
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(own)).toEqual(['x.vectors']);
  });
});

describe('the record', () => {
  test('names the copies that count, and what was removed since', () => {
    const { database } = openDatabase(':memory:', null);
    const record = createCopyRecord(database);
    expect([record.tokens(), record.removed(), record.difference(10)]).toEqual([[], [], null]);
    record.announce('a', 7, [3]);
    expect([record.tokens(), record.removed()]).toEqual([['a'], [3]]);
    record.settle('a', 7, [3, 4]);
    expect([record.tokens(), record.removed(), record.difference(10)]).toEqual([['a'], [3, 4], 2]);
    record.announce('b', 9, [5]);
    expect([record.tokens(), record.removed()]).toEqual([
      ['a', 'b'],
      [3, 4, 5],
    ]);
    record.settle('b', 9, [5]);
    expect([record.tokens(), record.removed()]).toEqual([['b'], [5]]);
    record.forget();
    expect([record.tokens(), record.removed(), record.difference(10)]).toEqual([[], [], null]);
  });

  test('a large index may differ by more, within limits', () => {
    expect([0, 100_000, 1_000_000, 5_000_000].map(maxDifference)).toEqual([4000, 5000, 50_000, 50_000]);
  });
});

describe('the copy of an index', () => {
  /** An index of `count` chunks in files of 500. */
  async function indexOf(count: number, place: string | null = null, backup: string | null = null) {
    const file = place ?? join(await mkdtemp(join(folder, 'index-')), 'one.db');
    if (backup !== null) await rename(backup, file);
    const { database } = openDatabase(file, null);
    const rows = createFileRows(database);
    let reads = 0;
    const nearestOf = () =>
      createNearestVectors({
        database,
        dimensions: 12,
        maxBytes: 1e9,
        copyFile: copyFileOf(file),
        copyFrom: 1000,
        pause: async () => {
          reads += 1;
        },
      });
    function put(name: string, first: number, chunks: number) {
      const vectors = Array.from({ length: chunks }, (_, i) => vectorOf(first + i));
      const changes = rows.put(
        {
          path: name,
          size: 1,
          modifiedMs: 1,
          changedMs: 1,
          settled: true,
          hash: new Uint8Array(16),
          recipe: '1:64',
          problem: null,
          language: 'text',
          chunks: vectors.map((_, ordinal) => ({
            ordinal,
            text: `${first + ordinal}`,
            startByte: 0,
            endByte: 1,
            heading: '',
          })),
        },
        vectors,
      );
      return [changes.removedIds, changes.insertedIds, vectors] as const;
    }
    for (let at = 0; at < count; at += 500) put(`${at}.txt`, at, 500);
    return {
      file,
      database,
      rows,
      put,
      nearestOf,
      pages: () => reads,
      record: createCopyRecord(database),
    };
  }
  const exactly = async (index: Awaited<ReturnType<typeof indexOf>>) => {
    const exact = createNearestVectors({
      database: index.database,
      dimensions: 12,
      maxBytes: 10,
      copyFile: join(folder, 'never'),
      pause: async () => {},
    });
    return (number: number) => exact.find(vectorOf(number), 5, never);
  };

  test('the second start reads it, with what changed since', async () => {
    const index = await indexOf(6000);
    const first = index.nearestOf();
    const find = await exactly(index);
    expect(await first.find(vectorOf(77), 5, never)).toEqual(await find(77));
    await first.renewCopy();
    first.close();
    expect(existsSync(copyFileOf(index.file))).toBe(true);
    const before = index.pages();
    index.put('500.txt', 20_000, 300);
    index.put('new.txt', 30_000, 300);

    const second = index.nearestOf();
    for (const number of [77, 600, 20_010, 30_010]) {
      expect(await second.find(vectorOf(number), 5, never)).toEqual(await find(number));
    }
    expect(second.mode()).toBe('wasm');
    // One page of what is new, instead of four.
    expect(index.pages() - before).toBeLessThan(10);
    const stored = await readFile(copyFileOf(index.file));
    await second.renewCopy();
    expect(await readFile(copyFileOf(index.file))).toEqual(stored);
    second.apply(...index.put('0.txt', 40_000, 4500));
    expect(index.record.difference(10_000)).toBeGreaterThan(4000);
    await second.renewCopy();
    expect(await readFile(copyFileOf(index.file))).not.toEqual(stored);
    expect(index.record.difference(10_000)).toBe(0);
    expect(await index.nearestOf().find(vectorOf(40_100), 5, never)).toEqual(await find(40_100));
  });

  test('a damaged one is deleted and written again', async () => {
    const index = await indexOf(6000);
    const find = await exactly(index);
    const first = index.nearestOf();
    await first.renewCopy();
    // Nobody has searched, so nothing stays in memory.
    expect(first.bytes()).toBe(0);
    const good = await readFile(copyFileOf(index.file));
    await writeFile(copyFileOf(index.file), good.fill(1, 100_000, 100_010));
    const second = index.nearestOf();
    expect(await second.find(vectorOf(77), 5, never)).toEqual(await find(77));
    await second.renewCopy();
    expect(await index.nearestOf().find(vectorOf(4000), 5, never)).toEqual(await find(4000));
    expect((await readFile(copyFileOf(index.file))).length).toBe(good.length);
  });

  test('what is removed and added while it is written is found at the next start', async () => {
    const index = await indexOf(6000);
    const find = await exactly(index);
    const first = index.nearestOf();
    await first.find(vectorOf(1), 5, never);
    // The first search has begun to write it.
    first.apply(...index.put('1000.txt', 50_000, 200));
    await first.renewCopy();
    first.close();
    expect(index.record.tokens()).toHaveLength(1);
    const second = index.nearestOf();
    for (const number of [1, 1010, 50_100]) {
      expect(await second.find(vectorOf(number), 5, never)).toEqual(await find(number));
    }
  });

  test('a database that was put back to an earlier state finds a copy of its own or none', async () => {
    const index = await indexOf(6000);
    await index.nearestOf().renewCopy();
    const backup = `${index.file}.backup`;
    index.database.exec(`VACUUM INTO '${backup}'`);
    index.put('later.txt', 60_000, 5000);
    await index.nearestOf().renewCopy();
    index.database.close();
    // The same ids are now given to other vectors.
    const restored = await indexOf(0, index.file, backup);
    restored.put('other.txt', 70_000, 5000);
    const find = await exactly(restored);
    const nearest = restored.nearestOf();
    for (const number of [77, 60_010, 70_010]) {
      expect(await nearest.find(vectorOf(number), 5, never)).toEqual(await find(number));
    }
  });

  test('emptying the index and replacing a damaged one end it', async () => {
    const index = await indexOf(6000);
    await index.nearestOf().renewCopy();
    index.rows.reset({ id: 'x', dimensions: 12 });
    expect([index.record.tokens(), index.record.removed()]).toEqual([[], []]);
    index.database.close();
    replaceDamaged(index.file);
    expect(existsSync(copyFileOf(index.file))).toBe(false);
  });

  test('a small index has none', async () => {
    const index = await indexOf(500);
    const nearest = index.nearestOf();
    await nearest.find(vectorOf(1), 5, never);
    await nearest.renewCopy();
    expect(existsSync(copyFileOf(index.file))).toBe(false);
  });
});
