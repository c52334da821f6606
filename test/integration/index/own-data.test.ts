/** Pilotlight's own data in an indexed folder: never read, and never found. */
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { fact } from '../../../shared/models/message.ts';
import { codeOf, never, openWorkplace } from './harness.ts';

type Workplace = ReturnType<typeof openWorkplace>;

const leftOut = (path: string) => ({
  path,
  code: 'OWN_DATA_FOLDER',
  reason: fact('OWN_DATA_LEFT_OUT'),
});

/** A workplace whose own data is at a path, by default in the indexed folder. */
function openWithData(dataFolder: (place: Workplace) => string = ({ folder }) => join(folder, 'data')) {
  const ownFolders: string[] = [];
  const place = openWorkplace({ ownFolders });
  ownFolders.push(dataFolder(place));
  place.write('notes/a.txt', 'the lamp burns');
  place.write('data/endpoint.json', '{"token": "lantern"}');
  place.write('data/index/b.txt', 'lantern words');
  return place;
}

const link = (place: Workplace, target: string, path: string) =>
  symlinkSync(target, join(place.folder, path));

const pathsOf = (files: readonly { path: string }[]) => files.map(({ path }) => path);

/** Changes the index as if an earlier version had written it. */
function change(place: Workplace, sql: string): void {
  const database = new DatabaseSync(place.databaseFile);
  database.exec(`DELETE FROM meta WHERE key = 'own-data'; ${sql}`);
  database.close();
}

describe('the data folder in an indexed folder', () => {
  test('is left out and named, whatever leads there', async () => {
    await using place = openWithData();
    link(place, 'data', 'folder-link');
    link(place, 'data/index', 'deep-link');
    link(place, 'data/endpoint.json', 'file-link.json');
    const index = await place.open();
    const { scan } = await place.run(index);
    expect(pathsOf(scan.pending)).toEqual(['notes/a.txt']);
    expect(scan.skipped).toEqual(['data', 'deep-link', 'file-link.json', 'folder-link'].map(leftOut));
    for (const path of ['data/endpoint.json', 'folder-link/endpoint.json', 'file-link.json']) {
      expect(await codeOf(index.prepare(path, never)), path).toBe('OWN_DATA_FOLDER');
    }
    expect(await place.search(index, 'lantern')).toEqual([]);
  });

  test.each([
    ['a path with dots', ({ folder }: Workplace) => join(folder, 'notes', '..', 'data')],
    [
      'a link',
      ({ base, folder }: Workplace) => {
        symlinkSync(join(folder, 'data'), join(base, 'data-link'));
        return join(base, 'data-link');
      },
    ],
    [
      'a link in its path',
      ({ base, folder }: Workplace) => {
        symlinkSync(folder, join(base, 'files-link'));
        return join(base, 'files-link', 'data');
      },
    ],
  ])('is left out when it was given by %s', async (_name, dataFolder) => {
    await using place = openWithData(dataFolder);
    const scan = await (await place.open()).scan({ full: false }, never);
    expect(pathsOf(scan.pending)).toEqual(['notes/a.txt']);
    expect(scan.skipped).toEqual([leftOut('data')]);
  });

  test('is left out without a report where everything with a dot is', async () => {
    await using place = openWithData(({ folder }) => join(folder, '.data'));
    renameSync(join(place.folder, 'data'), join(place.folder, '.data'));
    link(place, '.data', 'data-link');
    const scan = await (await place.open()).scan({ full: false }, never);
    expect(pathsOf(scan.pending)).toEqual(['notes/a.txt']);
    expect(scan.skipped).toEqual([leftOut('data-link')]);
  });

  test('of another core, and of an agent, is recognised by its files', async () => {
    await using place = openWithData(({ base }) => join(base, 'own'));
    place.write('backup/state.sqlite', 'x');
    place.write('backup/core.lock', '');
    place.write('backup/index/c.txt', 'lantern words');
    place.write('machine/token', 'secret');
    place.write('machine/id.json', '{}');
    const index = await place.open();
    const { scan } = await place.run(index);
    expect(pathsOf(scan.pending)).toEqual(['data/endpoint.json', 'data/index/b.txt', 'notes/a.txt']);
    expect(scan.skipped).toEqual(['backup', 'machine'].map(leftOut));
  });

  test('is refused as a source, and so is a folder inside it', async () => {
    await using place = openWithData(({ folder }) => folder);
    const index = await place.open();
    expect(await codeOf(index.scan({ full: false }, never))).toBe('OWN_DATA_FOLDER');
    await using inside = openWithData(({ base }) => base);
    expect(await codeOf((await inside.open()).scan({ full: false }, never))).toBe('OWN_DATA_FOLDER');
  });
});

describe('what an earlier version indexed of a data folder', () => {
  test('is not found any more, and drops out of the index with the next run', async () => {
    const ownFolders: string[] = [];
    await using place = openWorkplace({ ownFolders });
    place.write('notes/a.txt', 'the lantern burns');
    place.write('data/b.txt', 'lantern words');
    const before = await place.open();
    await place.run(before);
    expect(await place.search(before, 'lantern')).toHaveLength(2);
    await before.close();
    await place.kill();

    ownFolders.push(join(place.folder, 'data'));
    const index = await place.open();
    expect(await index.meta()).toMatchObject({ files: 2 });
    expect(pathsOf(await place.search(index, 'lantern'))).toEqual(['notes/a.txt']);
    expect(await index.scan({ full: false }, never)).toMatchObject({
      total: 1,
      unchanged: 1,
      removed: 1,
      skipped: [leftOut('data')],
    });
    expect(await index.meta()).toMatchObject({ files: 1 });
    await index.close();
    place.expectSound(['notes/a.txt']);
  });

  test('is not found although it belongs to another core, or is reached by a link', async () => {
    await using place = openWorkplace();
    for (const path of ['a.txt', 'b.txt', 'c.txt', 'd.txt', 'e.txt']) place.write(path, `lantern ${path}`);
    const before = await place.open();
    await place.run(before);
    await before.close();
    change(
      place,
      `UPDATE files SET path = 'link/state.sqlite' WHERE path = 'a.txt';
       UPDATE files SET path = 'link/session.key' WHERE path = 'b.txt';
       UPDATE files SET path = 'link/index/c.txt' WHERE path = 'c.txt';
       UPDATE files SET path = 'plain/state.sqlite' WHERE path = 'd.txt'`,
    );
    const index = await place.open();
    const found = pathsOf(await place.search(index, 'lantern')).sort();
    expect(found).toEqual(['e.txt', 'plain/state.sqlite']);
    await index.scan({ full: false }, never);
    expect(await index.meta()).toMatchObject({ files: 1 });
  });

  test('is not found if the data folder contains the source', async () => {
    const ownFolders: string[] = [];
    await using place = openWorkplace({ ownFolders });
    place.write('a.txt', 'lantern words');
    const before = await place.open();
    await place.run(before);
    await before.close();
    await place.kill();
    ownFolders.push(place.base);
    expect(await place.search(await place.open(), 'lantern')).toEqual([]);
  });
});

test('a folder that is created later is left out from then on', async () => {
  await using place = openWithData(({ folder }) => join(folder, 'later'));
  const index = await place.open();
  await place.run(index);
  mkdirSync(join(place.folder, 'later'));
  place.write('later/secret.txt', 'words');
  const { scan } = await place.run(index);
  expect(scan).toMatchObject({ pending: [], skipped: [leftOut('later')] });
});
