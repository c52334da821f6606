import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderError } from '../../../electron/adapters/folder-error.ts';
import { defaultDataFolder, openDataFolder } from '../../../electron/host/data-folder.ts';
import {
  endpointPath,
  readEndpoint,
  removeEndpoint,
  writeEndpoint,
} from '../../../electron/host/endpoint.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-host-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const mode = (path: string) => statSync(path).mode & 0o777;

describe('the default folder', () => {
  it.each([
    ['linux', {}, '/home/a/.local/share/pilotlight'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/pilotlight'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/a/.local/share/pilotlight'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/home/a/Library/Application Support/Pilotlight'],
    ['win32', { LOCALAPPDATA: '/local' }, '/local/Pilotlight'],
    ['win32', {}, '/home/a/AppData/Local/Pilotlight'],
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(defaultDataFolder({ platform, env, home: '/home/a' })).toBe(expected);
  });
});

describe('opening the folder', () => {
  it('makes it, with its parents, for this user only', async () => {
    const path = join(folder, 'a', 'b');
    expect(await openDataFolder(path)).toBe(path);
    expect(mode(path)).toBe(0o700);
  });

  it('leaves one that is there as it is', async () => {
    const path = join(folder, 'mine');
    mkdirSync(path);
    chmodSync(path, 0o755);
    await openDataFolder(path);
    expect(mode(path)).toBe(0o755);
  });

  it('refuses a file, and a folder inside a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'inside')]) {
      await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    }
  });

  it.skipIf(process.getuid?.() === 0)('refuses what this user may not write', async () => {
    chmodSync(folder, 0o500);
    for (const path of [folder, join(folder, 'new')]) {
      await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    }
    chmodSync(folder, 0o700);
  });
});

describe('a failure in the folder', () => {
  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EROFS', 'DATA_FOLDER_UNUSABLE'],
    ['EACCES', 'DATA_FOLDER_UNUSABLE'],
  ])('%s is %s', (reason, code) => {
    expect(folderError('/d', Object.assign(new Error('x'), { code: reason })).code).toBe(code);
  });
});

describe('the endpoint file', () => {
  const endpoint = {
    url: 'http://127.0.0.1:4711',
    token: 'a-token-of-enough-length',
    pid: process.pid,
    startedAt: 1,
    version: '0.1.0',
  };

  it('is for this user only, and comes back as it was', () => {
    writeEndpoint(folder, endpoint);
    expect(mode(endpointPath(folder))).toBe(0o600);
    expect(readEndpoint(folder)).toEqual(endpoint);
    writeEndpoint(folder, { ...endpoint, startedAt: 2 });
    expect(readEndpoint(folder)?.startedAt).toBe(2);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"url":"http://127.0.0.1:1"}',
    JSON.stringify({ ...endpoint, url: 'http://192.0.2.1:4711' }),
    JSON.stringify({ ...endpoint, url: 'http://127.0.0.1:4711@evil.example' }),
  ])('is not believed when it makes no sense (%#)', (text) => {
    writeFileSync(endpointPath(folder), text);
    expect(readEndpoint(folder)).toBeNull();
  });

  it('is taken away by its owner only', () => {
    writeEndpoint(folder, endpoint);
    removeEndpoint(folder, 'another token, of another core');
    expect(existsSync(endpointPath(folder))).toBe(true);
    removeEndpoint(folder, endpoint.token);
    expect(existsSync(endpointPath(folder))).toBe(false);
    removeEndpoint(folder, endpoint.token);
  });
});
