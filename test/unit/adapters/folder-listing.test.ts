import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandHome, listFolders } from '../../../electron/adapters/folder-listing.ts';

const never = new AbortController().signal;
const whole = { hidden: false, after: null, limit: 500 };
let root = '';

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-listing-')));
  for (const name of ['b', 'A', 'a10', 'a9', '.secret', 'locked']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'file.txt'), 'x');
  symlinkSync(tmpdir(), join(root, 'outside'));
  symlinkSync(join(root, 'file.txt'), join(root, 'link-to-file'));
  symlinkSync(join(root, 'nowhere'), join(root, 'link-to-nothing'));
  chmodSync(join(root, 'locked'), 0o000);
});
afterAll(() => {
  chmodSync(join(root, 'locked'), 0o700);
  rmSync(root, { recursive: true, force: true });
});

const names = async (query: Partial<Parameters<typeof listFolders>[0]>) =>
  (await listFolders({ path: root, ...whole, ...query }, never)).folders.map(({ name }) => name);

describe('the folders in a folder', () => {
  it('are listed by name, without files, hidden ones and links that lead to none', async () => {
    expect(await names({})).toEqual(['A', 'a9', 'a10', 'b', 'locked', 'outside']);
    expect(await names({ hidden: true })).toContain('.secret');
  });

  it('a link is named with its target and has the path of the link, not of what it leads to', async () => {
    const { folders } = await listFolders({ path: root, ...whole }, never);
    expect(folders.find(({ name }) => name === 'outside')).toMatchObject({
      path: join(root, 'outside'),
      target: tmpdir(),
    });
    expect(folders.find(({ name }) => name === 'b')?.target).toBeNull();
  });

  it('come in pages that neither repeat nor leave out a name', async () => {
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page = await listFolders({ path: root, hidden: true, after, limit: 2 }, never);
      expect(page.total).toBe(7);
      expect(page.folders.length).toBeLessThanOrEqual(2);
      found.push(...page.folders.map(({ name }) => name));
      after = page.next;
    } while (after !== null);
    expect(found).toEqual(await names({ hidden: true }));
  });

  it('a folder that went away between two pages does not end the listing', async () => {
    expect(await names({ after: 'a95', limit: 3 })).toEqual(['b', 'locked', 'outside']);
    expect(await names({ after: 'zzz' })).toEqual([]);
  });

  it('has its canonical path and the one above', async () => {
    const page = await listFolders({ path: join(root, 'b', '..', 'b'), ...whole }, never);
    expect(page).toMatchObject({ path: join(root, 'b'), parent: root, folders: [], next: null });
    expect((await listFolders({ path: '/', ...whole }, never)).parent).toBeNull();
  });

  it.each([
    ['missing', 'FOLDER_NOT_FOUND'],
    ['file.txt', 'NOT_A_FOLDER'],
    ['nul\0byte', 'FOLDER_NOT_FOUND'],
  ])('%s is %s', async (path, code) => {
    await expect(listFolders({ path: join(root, path), ...whole }, never)).rejects.toMatchObject({ code });
  });

  it('needs a path from the root or from home', async () => {
    await expect(listFolders({ path: 'b', ...whole }, never)).rejects.toMatchObject({
      code: 'FOLDER_NOT_FOUND',
    });
    await expect(listFolders({ path: '~other', ...whole }, never)).rejects.toMatchObject({
      code: 'FOLDER_NOT_FOUND',
    });
  });

  it.skipIf(process.getuid?.() === 0)('says which cannot be read', async () => {
    const { folders } = await listFolders({ path: root, ...whole }, never);
    expect(folders.find(({ name }) => name === 'locked')?.isReadable).toBe(false);
    await expect(listFolders({ path: join(root, 'locked'), ...whole }, never)).rejects.toMatchObject({
      code: 'FOLDER_UNREADABLE',
    });
  });

  it('ends when nobody waits for it any more', async () => {
    const reason = new Error('closed');
    await expect(listFolders({ path: root, ...whole }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

it('~ is the home folder, and nothing else is changed', () => {
  expect(expandHome('~')).toBe(homedir());
  expect(expandHome('~/notes', '/home/me')).toBe(join('/home/me', 'notes'));
  for (const path of ['/~/x', '~other/x', 'a~', '/home/me']) expect(expandHome(path, '/home/me')).toBe(path);
});
