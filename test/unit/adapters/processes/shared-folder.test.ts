import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  openSharedFolder,
  type SharedFolderFacts,
  sharedFolders,
} from '../../../../electron/adapters/processes/runner/shared-folder.ts';

const linux: SharedFolderFacts = { platform: 'linux', env: {}, home: '/home/me', tmp: '/tmp', uid: 1000 };
const foldersOf = (changes: Partial<SharedFolderFacts>) =>
  sharedFolders({ ...linux, ...changes }).map(({ folder }) => folder);

describe('where runners are shared', () => {
  it.each<[string, Partial<SharedFolderFacts>, string[]]>([
    ['Linux without a session', {}, ['/run/user/1000/pilotlight', '/tmp/pilotlight-1000']],
    [
      'Linux with a session elsewhere',
      { env: { XDG_RUNTIME_DIR: '/var/run/me' } },
      ['/var/run/me/pilotlight', '/run/user/1000/pilotlight', '/tmp/pilotlight-1000'],
    ],
    [
      'Linux with the usual session: a service finds the same one',
      { env: { XDG_RUNTIME_DIR: '/run/user/1000' } },
      ['/run/user/1000/pilotlight', '/tmp/pilotlight-1000'],
    ],
    [
      'a relative path, which is ignored',
      { env: { XDG_RUNTIME_DIR: 'run' } },
      ['/run/user/1000/pilotlight', '/tmp/pilotlight-1000'],
    ],
    [
      'macOS',
      { platform: 'darwin', home: '/Users/me' },
      [join('/Users/me', 'Library', 'Caches', 'Pilotlight', 'run')],
    ],
    [
      'Windows',
      { platform: 'win32', env: { LOCALAPPDATA: 'C:\\Local' }, uid: undefined },
      [join('C:\\Local', 'Pilotlight', 'run')],
    ],
    ['a named folder', { env: { PILOTLIGHT_RUNTIME_DIR: '/srv/run' } }, ['/srv/run']],
    ['none', { env: { PILOTLIGHT_RUNTIME_DIR: 'none', XDG_RUNTIME_DIR: '/run/user/1000' } }, []],
  ])('%s', (_name, changes, expected) => {
    expect(foldersOf(changes)).toEqual(expected);
  });
});

describe.skipIf(process.platform === 'win32')('the folder', () => {
  let base: string;
  let facts: SharedFolderFacts;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'pilotlight-shared-'));
    const runtime = join(base, 'runtime');
    mkdirSync(runtime, { mode: 0o700 });
    const uid = process.getuid?.();
    facts = { platform: 'linux', env: { XDG_RUNTIME_DIR: runtime }, home: base, tmp: base, uid };
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));
  const inRuntime = () => join(base, 'runtime', 'pilotlight');
  /** Never this computer's own: /run/user may exist. */
  const open = () => openSharedFolder(facts);

  it('is made for this user alone, and found again', () => {
    expect(open()).toBe(inRuntime());
    expect(statSync(inRuntime()).mode & 0o777).toBe(0o700);
    expect(open()).toBe(inRuntime());
  });

  it.each<[string, () => void]>([
    ['others may read', () => mkdirSync(inRuntime(), { mode: 0o755 })],
    ['is a file', () => writeFileSync(inRuntime(), '')],
    [
      'is a link',
      () => {
        mkdirSync(join(base, 'elsewhere'), { mode: 0o700 });
        symlinkSync(join(base, 'elsewhere'), inRuntime());
      },
    ],
    ['is in a folder that others may write to', () => chmodSync(join(base, 'runtime'), 0o777)],
    ['belongs to another user', () => (facts = { ...facts, uid: (facts.uid ?? 0) + 1 })],
  ])('is not used if it %s', (_name, spoil) => {
    spoil();
    expect(open()).not.toBe(inRuntime());
  });

  it('is the one in the folder for temporary files if there is no other', () => {
    facts = { ...facts, env: { PILOTLIGHT_RUNTIME_DIR: join(base, 'named') } };
    expect(open()).toBe(join(base, 'named'));
    writeFileSync(join(base, 'file'), '');
    facts = { ...facts, env: { PILOTLIGHT_RUNTIME_DIR: join(base, 'file', 'below') } };
    expect(open()).toBeNull();
  });
});
