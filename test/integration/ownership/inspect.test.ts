/** Real folders, files and links, with real owners and modes. */
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectFolder, inspectPath } from '../../../electron/adapters/ownership/inspect.ts';
import { readOwn, UnsafePathsError } from '../../../electron/adapters/ownership/read-own.ts';
import { trustHere } from '../../../electron/adapters/ownership/trust.ts';
import type { Part } from '../../../electron/adapters/ownership/verdict.ts';
import { asRoot, stranger } from './stranger.ts';

const trust = trustHere();
let base = '';
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-owners-')));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const at = (...names: string[]) => join(base, ...names);

function folder(path: string, mode = 0o755): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

function file(path: string, mode = 0o644): string {
  writeFileSync(path, 'content');
  chmodSync(path, mode);
  return path;
}

/** What is unsafe: the path below the base, the part and the flaw. */
async function unsafe(path: string, part: Part): Promise<string[][]> {
  return (await inspectPath(path, part, trust)).map((one) => [
    one.path.slice(base.length + 1),
    one.part,
    one.flaw,
  ]);
}

describe.skipIf(process.platform === 'win32')('the way to a path', () => {
  it('is safe in a folder of this user in the shared folder for temporary files', async () => {
    folder(at('ours'));
    file(at('ours', 'a.json'));
    expect(await unsafe(at('ours', 'a.json'), 'file')).toEqual([]);
    expect(await unsafe(at('ours'), 'folder')).toEqual([]);
    expect(await unsafe('/', 'parent')).toEqual([]);
  });

  it('is safe as far as it exists', async () => {
    expect(await unsafe(at('none', 'at', 'all'), 'folder')).toEqual([]);
  });

  it.each([
    ['group', 0o775],
    ['all users', 0o757],
  ])('is not safe below a folder where %s may rename', async (_, mode) => {
    folder(at('shared', 'ours'));
    chmodSync(at('shared'), mode);
    expect(await unsafe(at('shared', 'ours'), 'folder')).toEqual([['shared', 'parent', 'writable']]);
    expect(await unsafe(at('shared', 'none'), 'folder')).toEqual([['shared', 'parent', 'writable']]);
  });

  it('is safe below a shared folder that is sticky, which is no folder for our files itself', async () => {
    folder(at('shared', 'ours'));
    chmodSync(at('shared'), 0o1777);
    expect(await unsafe(at('shared', 'ours'), 'folder')).toEqual([]);
    expect(await unsafe(at('shared'), 'folder')).toEqual([['shared', 'folder', 'writable']]);
  });

  it('is reported up to the first unsafe folder only, because what follows may be exchanged', async () => {
    folder(at('shared', 'ours'), 0o777);
    file(at('shared', 'ours', 'token'), 0o666);
    chmodSync(at('shared'), 0o777);
    expect(await unsafe(at('shared', 'ours', 'token'), 'secret')).toEqual([['shared', 'parent', 'writable']]);
  });
});

describe.skipIf(process.platform === 'win32')('a symbolic link', () => {
  it('is followed to a safe target', async () => {
    folder(at('real'));
    file(at('real', 'a.json'));
    symlinkSync(at('real', 'a.json'), at('absolute'));
    symlinkSync('real/../real/a.json', at('relative'));
    symlinkSync('relative', at('twice'));
    for (const name of ['absolute', 'relative', 'twice']) expect(await unsafe(at(name), 'file')).toEqual([]);
  });

  it('needs a safe target', async () => {
    file(at('open.json'), 0o666);
    symlinkSync('open.json', at('link'));
    expect(await unsafe(at('link'), 'file')).toEqual([['open.json', 'file', 'writable']]);
    file(at('readable'), 0o644);
    symlinkSync('readable', at('token'));
    expect(await unsafe(at('token'), 'secret')).toEqual([['readable', 'secret', 'readable']]);
  });

  it('needs safe folders on the way to its target', async () => {
    folder(at('shared', 'sub'));
    file(at('shared', 'sub', 'a.json'));
    chmodSync(at('shared'), 0o777);
    folder(at('ours'));
    symlinkSync('../shared/sub/a.json', at('ours', 'a.json'));
    expect(await unsafe(at('ours', 'a.json'), 'file')).toEqual([['shared', 'parent', 'writable']]);
    // The folder of the link is checked too.
    symlinkSync(at('ours'), at('shared', 'link'));
    expect(await unsafe(at('shared', 'link'), 'folder')).toEqual([['shared', 'parent', 'writable']]);
  });

  it('to the folder above, or to the folder itself, is judged as that folder', async () => {
    folder(at('shared'), 0o1777);
    folder(at('shared', 'ours'));
    symlinkSync('..', at('shared', 'ours', 'up'));
    symlinkSync('.', at('shared', 'same'));
    expect(await unsafe(at('shared', 'ours', 'up'), 'folder')).toEqual([['shared', 'folder', 'writable']]);
    expect(await unsafe(at('shared', 'same'), 'folder')).toEqual([['shared', 'folder', 'writable']]);
  });

  it('that leads nowhere, or to itself, is nothing', async () => {
    symlinkSync('none', at('broken'));
    symlinkSync('circle', at('circle'));
    for (const name of ['broken', 'circle']) expect(await unsafe(at(name), 'file')).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('a folder with its files', () => {
  const parts = { 'a.json': 'file', token: 'secret', none: 'file' } as const;
  const inspect = async () =>
    (await inspectFolder(at('ours'), parts, trust)).map(({ path, flaw, fix }) => [
      path.slice(at('ours').length + 1),
      flaw,
      fix,
    ]);

  it('names every file that is unsafe, with its command', async () => {
    folder(at('ours'));
    file(at('ours', 'a.json'), 0o664);
    file(at('ours', 'token'), 0o644);
    file(at('ours', 'another'), 0o666);
    expect(await inspect()).toEqual([
      ['a.json', 'writable', `chmod g-w ${at('ours', 'a.json')}`],
      ['token', 'readable', `chmod 600 ${at('ours', 'token')}`],
    ]);
  });

  it('leaves a folder in the place of a secret to the search for damage', async () => {
    folder(at('ours'));
    folder(at('ours', 'token'));
    expect(await inspect()).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('reading', () => {
  it('reads what was checked, not what has the name afterwards', () => {
    file(at('a.json'));
    expect(readOwn(at('a.json'), 'file')).toMatchObject({ bytes: Buffer.from('content') });
    chmodSync(at('a.json'), 0o646);
    expect(() => readOwn(at('a.json'), 'file')).toThrow(UnsafePathsError);
    file(at('token'), 0o640);
    expect(() => readOwn(at('token'), 'secret')).toThrow(UnsafePathsError);
    expect(() => readOwn(at('none'), 'secret')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    folder(at('folder'));
    expect(() => readOwn(at('folder'), 'secret')).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  });

  it('checks the target of a link', () => {
    file(at('open.json'), 0o666);
    symlinkSync('open.json', at('link'));
    expect(() => readOwn(at('link'), 'file')).toThrow(UnsafePathsError);
  });
});

describe.skipIf(!asRoot)('another owner', () => {
  it.each(['parent', 'folder', 'file'] as const)('of a %s is not trusted', async (part) => {
    const path = part === 'file' ? file(at('x')) : folder(at('x'));
    chownSync(path, stranger, stranger);
    expect(await unsafe(path, part)).toEqual([['x', part, 'owner']]);
  });

  it('of a link is not trusted: it could be pointed elsewhere', async () => {
    folder(at('ours'));
    symlinkSync(at('ours'), at('link'));
    lchownSync(at('link'), stranger, stranger);
    expect(await unsafe(at('link'), 'folder')).toEqual([['link', 'link', 'owner']]);
  });

  it('of an open file is not trusted', () => {
    file(at('x'));
    chownSync(at('x'), stranger, stranger);
    expect(() => readOwn(at('x'), 'file')).toThrow(UnsafePathsError);
    expect(readOwn(at('x'), 'file', trustHere([stranger])).bytes.toString()).toBe('content');
  });

  it('is named, with the user who should have it', async () => {
    file(at('x'));
    chownSync(at('x'), 54_321, 54_321);
    expect(await inspectPath(at('x'), 'file', trust)).toMatchObject([
      { owner: '54321', fix: `chown root ${at('x')}` },
    ]);
  });
});
