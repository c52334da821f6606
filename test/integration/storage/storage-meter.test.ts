import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setAside, setFolderAside } from '../../../electron/adapters/set-aside.ts';
import { createStorageMeter } from '../../../electron/adapters/storage/storage-meter.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('finds what was set aside, with its companions, and deletes nothing else', async () => {
  const meter = createStorageMeter({ folder });
  mkdirSync(join(folder, 'index'));
  mkdirSync(join(folder, 'keys'));
  const put = (name: string, bytes: number) => writeFileSync(join(folder, name), 'x'.repeat(bytes));
  const began = Date.now();
  put('state.sqlite', 100);
  put('state.sqlite-wal', 10);
  setAside(join(folder, 'state.sqlite'), ['-wal']);
  put('state.sqlite', 7);
  put('index/a.sqlite', 30);
  setAside(join(folder, 'index', 'a.sqlite'));
  put('keys/one', 5);
  setFolderAside(join(folder, 'keys'));
  put('notes.corrupt-x', 3);

  const use = await meter.measure(null);
  expect(use.damaged).toEqual({ sizeBytes: 145, files: 4 });
  expect(use.state).toEqual({ sizeBytes: 7, files: 1 });
  expect(use.other).toEqual({ sizeBytes: 3, files: 1 });
  const found = await meter.damaged();
  expect(found.map(({ path, sizeBytes }) => [path, sizeBytes]).sort()).toEqual([
    [join('index', 'a.sqlite.corrupt-1'), 30],
    ['keys.corrupt-1', 5],
    ['state.sqlite.corrupt-1', 100],
    ['state.sqlite.corrupt-1-wal', 10],
  ]);
  // The time at which they were set aside, in whole seconds on some systems.
  expect(found.every(({ since }) => since >= began - 2000)).toBe(true);

  await meter.removeDamaged([...found.map(({ path }) => path), 'state.sqlite', 'notes.corrupt-x']);
  expect(await meter.damaged()).toEqual([]);
  expect(existsSync(join(folder, 'state.sqlite'))).toBe(true);
  expect(existsSync(join(folder, 'notes.corrupt-x'))).toBe(true);
});
