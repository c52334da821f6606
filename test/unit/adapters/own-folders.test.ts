import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolders } from '../../../electron/adapters/folders.ts';
import { isDataFolder, openOwnFolders } from '../../../electron/adapters/own-folders.ts';

let root = '';
const at = (path: string) => join(root, path);
const none: ReadonlySet<string> = new Set();

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-own-')));
  const folders = ['notes/data/index', 'other', 'agent/deep', 'plain', 'datapoint'];
  for (const folder of folders) mkdirSync(at(folder), { recursive: true });
  for (const file of [
    'other/state.sqlite',
    'other/core.lock',
    'agent/token',
    'agent/id.json',
    'plain/token',
  ]) {
    writeFileSync(at(file), '');
  }
  symlinkSync(at('notes/data'), at('link'));
  symlinkSync(at('notes'), at('notes-link'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a data folder', () => {
  it.each([
    [['state.sqlite', 'core.lock'], true],
    [['state.sqlite', 'secrets.json', 'more.txt'], true],
    [['token', 'id.json'], true],
    [['token', 'leases.jsonl'], true],
    [['state.sqlite'], false],
    [['core.lock', 'secrets.json', 'endpoint.json'], false],
    [['token', 'README.md'], false],
    [['id.json', 'policies.json'], false],
    [[], false],
  ])('with %j: %s', (names, expected) => {
    expect(isDataFolder((name) => names.includes(name))).toBe(expected);
  });

  it.each([
    ['its path', 'notes/data'],
    ['a link to it', 'link'],
    ['a path through a link', 'notes-link/data'],
  ])('is known by %s, however it was given', async (_name, given) => {
    const own = await openOwnFolders([at(given)]);
    for (const path of ['notes/data', 'link', 'notes-link/data']) {
      expect(await own.is(at(path), none), path).toBe(true);
    }
    expect(await own.is(at('notes'), none)).toBe(false);
    expect(await own.contain(at('notes/data/index'))).toBe(true);
    expect(await own.contain(at('notes'))).toBe(false);
    expect(await own.contain(at('datapoint'))).toBe(false);
    expect(own.cover(at('notes/data/index/x.db'))).toBe(true);
    expect(own.cover(at('notes/database'))).toBe(false);
  });

  it('of another core or agent is recognised by its files, by their names alone', async () => {
    const own = await openOwnFolders([]);
    expect(await own.contain(at('other'))).toBe(true);
    expect(await own.contain(at('agent/deep'))).toBe(true);
    expect(await own.contain(at('plain'))).toBe(false);
    expect(await own.is(at('other'), new Set(['core.lock', 'state.sqlite']))).toBe(true);
  });

  it('that does not exist yet is known by its path', async () => {
    const own = await openOwnFolders([at('later')]);
    mkdirSync(at('later'));
    expect(await own.is(at('later'), none)).toBe(true);
    expect(await own.contain(at('plain'))).toBe(false);
  });
});

describe('a folder that a person names', () => {
  it.each(['notes/data', 'notes/data/index', 'link', 'notes-link/data/index', 'other', 'agent/deep'])(
    'is refused if it is or is inside a data folder: %s',
    async (path) => {
      await expect(createFolders([at('link')]).resolve(at(path))).rejects.toMatchObject({
        code: 'OWN_DATA_FOLDER',
        details: { field: 'path' },
      });
    },
  );

  it('may contain one', async () => {
    expect(await createFolders([at('notes/data')]).resolve(at('notes-link'))).toBe(at('notes'));
  });
});
