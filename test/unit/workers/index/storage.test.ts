import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../../electron/workers/index/database.ts';
import { createFileRows, type FileState } from '../../../../electron/workers/index/file-rows.ts';
import { createKeywords } from '../../../../electron/workers/index/keywords.ts';
import { createNearestVectors } from '../../../../electron/workers/index/nearest.ts';
import { isSettled, type ReadBytes, readStable } from '../../../../electron/workers/index/read-file.ts';
import { isUnmounted, planScan } from '../../../../electron/workers/index/scan.ts';
import { normalised } from '../../../../electron/workers/index/vector-values.ts';
import type { Walk } from '../../../../electron/workers/index/walk.ts';
import { fact } from '../../../../shared/models/message.ts';

const never = new AbortController().signal;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-storage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function fileWith(path: string, texts: readonly string[]) {
  return {
    path,
    size: 1,
    modifiedMs: 1.5,
    changedMs: 2.5,
    settled: true,
    hash: new Uint8Array(16),
    recipe: '1:64',
    problem: null,
    language: 'text',
    chunks: texts.map((text, ordinal) => ({ ordinal, text, startByte: 0, endByte: 1, heading: '' })),
  };
}

describe('keywords', () => {
  const { database } = openDatabase(':memory:', null);
  const rows = createFileRows(database);
  const keywords = createKeywords(database);
  const texts = ['Wake the GPU box', 'a café in Köln', '東京大学の学生', 'NEAR AND OR NOT', 'gpu gpu gpu'];
  rows.put(
    fileWith('notes/wake.txt', texts),
    texts.map(() => new Float32Array([1])),
  );
  const found = (query: string) => keywords.find(query, 10).map((hit) => texts[hit.id - 1]);

  test('whatever a person types is a search, never a syntax error', () => {
    const nasty = fc.constantFrom(
      '"',
      "'",
      '*',
      '(',
      ')',
      ':',
      '^',
      '-',
      '+',
      'AND',
      'OR',
      'NOT',
      'NEAR(',
      '{',
      '}',
      '\0',
      '\ud800',
      'title:',
      ' ',
      'gpu',
      'é',
      '東',
    );
    const queries = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(nasty, { maxLength: 30 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(queries, (query) => {
        expect(Array.isArray(keywords.find(query, 10))).toBe(true);
      }),
      { numRuns: 300 },
    );
  }, 30_000);

  test('accents, case, scripts without spaces, and words that FTS5 takes for its own', () => {
    expect(found('cafe koln')).toEqual(['a café in Köln']);
    expect(found('京大')).toEqual(['東京大学の学生']);
    expect(found('not near')).toEqual(['NEAR AND OR NOT']);
    expect(found('" * (')).toEqual([]);
  });

  test('chunks with all words come before those with some; words of the path count', () => {
    expect(found('gpu box')[0]).toBe('Wake the GPU box');
    expect(found('gpu box')).toContain('gpu gpu gpu');
    expect(found('notes')).toHaveLength(5);
  });
});

describe('nearest vectors', () => {
  test('in memory, while it is being filled, past the limit, and after removal', async () => {
    const { database } = openDatabase(':memory:', null);
    const rows = createFileRows(database);
    // Each number has a direction of its own; the next one points nearly there, those after it do not.
    const vectorOf = (i: number) =>
      normalised(Float32Array.from({ length: 12 }, (_, d) => Math.sin((i + 1) * (d + 1) * 0.7) + 0.2));
    const put = (path: string, from: number, count: number) => {
      const numbers = Array.from({ length: count }, (_, i) => from + i);
      const vectors = numbers.map(vectorOf);
      return { ...rows.put(fileWith(path, numbers.map(String)), vectors), vectors };
    };
    put('a', 0, 3000);
    let meanwhile: (() => void) | null = null;
    const options = {
      database,
      dimensions: 12,
      copyFile: join(folder, 'none.vectors'),
      pause: async () => {
        meanwhile?.();
        meanwhile = null;
      },
    };
    const nearest = createNearestVectors({ ...options, maxBytes: 10_000_000 });
    meanwhile = () => {
      const changes = put('a', 10_000, 10);
      nearest.apply(changes.removedIds, changes.insertedIds, changes.vectors);
    };
    const found = await nearest.find(vectorOf(10_003), 20, never);
    expect(nearest.mode()).toBe('wasm');
    expect(found[0]).toMatchObject({ id: 3004, score: expect.closeTo(1, 6) });
    expect(found.every((item) => item.id > 3000 && item.id <= 3010)).toBe(true);

    const changes = put('b', 0, 5000);
    nearest.apply(changes.removedIds, changes.insertedIds, changes.vectors);
    const exact = createNearestVectors({ ...options, maxBytes: 1000 });
    for (const number of [10, 2500, 4990]) {
      const query = vectorOf(number);
      expect(await nearest.find(query, 4, never)).toEqual(await exact.find(query, 4, never));
    }
    expect([nearest.mode(), exact.mode()]).toEqual(['wasm', 'disk']);

    nearest.release();
    expect((await nearest.find(vectorOf(10), 1, never))[0]?.score).toBeCloseTo(1, 6);
    expect(await nearest.find(new Float32Array(12), 5, never)).toEqual([]);
  });
});

describe('reading a file that will not stand still', () => {
  const read = (path: string, readBytes: ReadBytes) =>
    readStable({ absolute: path, path: 'x', maxBytes: 1000, signal: never, now: () => 0, read: readBytes });

  test('changed once while it was read: the second reading counts', async () => {
    const path = join(folder, 'once.txt');
    await writeFile(path, 'before');
    let readings = 0;
    const file = await read(path, async (handle) => {
      readings += 1;
      const bytes = await handle.readFile();
      if (readings === 1) await appendFile(path, ' and after');
      return bytes;
    });
    expect([readings, Buffer.from(file.bytes).toString()]).toEqual([2, 'before and after']);
  });

  test('changed each time, in place or by another file of the same size', async () => {
    const path = join(folder, 'always.txt');
    await writeFile(path, 'before');
    const appending = read(path, async (handle) => {
      const bytes = await handle.readFile();
      await appendFile(path, '.');
      return bytes;
    });
    await expect(appending).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    const replacing = read(path, async (handle) => {
      const bytes = await handle.readFile();
      await writeFile(`${path}.new`, await readFile(path));
      await rename(`${path}.new`, path);
      return bytes;
    });
    await expect(replacing).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  test('a change so recent that its time could hide another is not trusted', () => {
    const at = (modifiedMs: number) => ({ size: 1, modifiedMs, changedMs: modifiedMs });
    expect(isSettled(at(5000.5), 5005)).toBe(false);
    expect(isSettled(at(5000.5), 5100)).toBe(true);
    expect(isSettled(at(5000), 6900)).toBe(false);
    expect(isSettled(at(5000), 7200)).toBe(true);
  });
});

describe('what a scan decides', () => {
  const rules = { full: false, maxFileBytes: 100, recipe: () => 'r' };
  const stamp = { size: 10, modifiedMs: 1, changedMs: 2 };
  const state = (changes: Partial<FileState> = {}): FileState => ({
    ...stamp,
    settled: true,
    hash: new Uint8Array(16),
    recipe: 'r',
    problem: null,
    ...changes,
  });
  const walk = (paths: string[], changes: Partial<Walk> = {}): Walk => ({
    files: paths.map((path) => ({ path, ...stamp })),
    skipped: [],
    unreadable: [],
    ignored: [],
    rootIdentity: '1:1',
    isCut: false,
    ...changes,
  });

  test('what could not be checked is kept, with everything beneath it; what is missing is removed', () => {
    const states = new Map(
      ['gone', 'locked/a', 'locked/b/c', 'lockedout', 'here'].map((path) => [path, state()]),
    );
    const plan = planScan(walk(['here'], { unreadable: ['locked'] }), states, rules);
    expect(plan).toMatchObject({ unchanged: 1, pending: [], doubtful: [], removed: ['gone', 'lockedout'] });
    expect(planScan(walk([], { unreadable: [''] }), states, rules).removed).toEqual([]);
  });

  test('unchanged, doubtful, changed', () => {
    const states = new Map([
      ['same', state()],
      ['later', state({ modifiedMs: 0 })],
      ['inode', state({ changedMs: 0 })],
      ['recent', state({ settled: false })],
      ['longer', state({ size: 9 })],
      ['recipe', state({ recipe: 'old' })],
      ['binary', state({ problem: { code: 'FILE_BINARY', reason: fact('FILE_IS_NOT_TEXT') } })],
    ]);
    const plan = planScan(walk([...states.keys(), 'new']), states, rules);
    expect(plan.unchanged).toBe(1);
    expect(plan.doubtful.map((file) => file.path)).toEqual(['later', 'inode', 'recent']);
    expect(plan.pending.map((file) => file.path)).toEqual(['longer', 'recipe', 'new']);
    expect(plan.skipped).toEqual([{ path: 'binary', code: 'FILE_BINARY', reason: fact('FILE_IS_NOT_TEXT') }]);
    expect(planScan(walk([...states.keys()]), states, { ...rules, full: true }).pending).toHaveLength(7);
  });

  test('an indexed file that grew past the limit, or was emptied, leaves the index', () => {
    const big = walk([], {
      files: [
        { path: 'a', ...stamp, size: 101 },
        { path: 'b', ...stamp, size: 0 },
      ],
    });
    const plan = planScan(
      big,
      new Map([
        ['a', state()],
        ['b', state()],
      ]),
      rules,
    );
    expect(plan.removed).toEqual(['a', 'b']);
    expect(plan.skipped.map((file) => file.code)).toEqual(['FILE_TOO_LARGE', 'FILE_EMPTY']);
  });

  test('empty and on another disk: not mounted', () => {
    const states = new Map([['a', state()]]);
    expect(isUnmounted(walk([]), states, '2:2')).toBe(true);
    expect(isUnmounted(walk([]), states, '1:1')).toBe(false);
    expect(isUnmounted(walk(['b']), states, '2:2')).toBe(false);
    expect(isUnmounted(walk([]), new Map(), '2:2')).toBe(false);
  });
});
