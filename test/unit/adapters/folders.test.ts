import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolders } from '../../../electron/adapters/folders.ts';

const folders = createFolders();
let root = '';

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-folders-')));
  mkdirSync(join(root, 'notes'));
  writeFileSync(join(root, 'file.txt'), 'x');
  symlinkSync(join(root, 'notes'), join(root, 'link'));
  symlinkSync(join(root, 'loop'), join(root, 'loop'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a folder that a person names', () => {
  it('comes back as its canonical path', async () => {
    expect(await folders.resolve(join(root, 'notes', '..', 'notes', '.'))).toBe(join(root, 'notes'));
    expect(await folders.resolve(join(root, 'link'))).toBe(join(root, 'notes'));
  });

  it.each([
    ['missing', 'FOLDER_NOT_FOUND'],
    ['file.txt', 'NOT_A_FOLDER'],
    ['file.txt/inside', 'NOT_A_FOLDER'],
    ['loop', 'FOLDER_NOT_FOUND'],
    [`${'x'.repeat(300)}`, 'FOLDER_NOT_FOUND'],
    ['nul\0byte', 'FOLDER_NOT_FOUND'],
  ])('%s is %s', async (path, code) => {
    await expect(folders.resolve(join(root, path))).rejects.toMatchObject({ code });
  });

  it('is a full path', async () => {
    await expect(folders.resolve('notes')).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' });
  });

  it.skipIf(process.getuid?.() === 0)('must be readable', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o000);
    await expect(folders.resolve(closed)).rejects.toMatchObject({ code: 'FOLDER_UNREADABLE' });
    chmodSync(closed, 0o700);
  });
});
