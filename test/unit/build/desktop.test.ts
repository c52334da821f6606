import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chooseShell,
  failureRememberedMs,
  findElectronForTests,
  hasDisplay,
  isFailedStart,
  isRemembered,
} from '../../../build/lib/desktop.mjs';

const now = Date.UTC(2026, 10, 21, 12);
const facts = {
  headless: false,
  platform: 'linux',
  env: { DISPLAY: ':0' },
  isRoot: false,
  installed: false,
  version: '45.4.1',
  failure: undefined,
  now,
};

describe('chooseShell', () => {
  it('opens Electron where it is there', () => {
    expect(chooseShell({ ...facts, installed: true })).toEqual({ kind: 'electron' });
  });

  it('downloads Electron where it is not', () => {
    expect(chooseShell(facts)).toEqual({ kind: 'download' });
  });

  it('never downloads, and says nothing, when no window was asked for', () => {
    expect(chooseShell({ ...facts, headless: true })).toEqual({ kind: 'browser', reason: '' });
  });

  it('says that there is no display, even where Electron is there', () => {
    const shell = chooseShell({ ...facts, env: {}, installed: true });
    expect(shell).toMatchObject({ kind: 'browser', reason: expect.stringContaining('No display') });
  });

  it('does not give up the sandbox for root', () => {
    const shell = chooseShell({ ...facts, isRoot: true, installed: true });
    expect(shell).toMatchObject({ kind: 'browser', reason: expect.stringContaining('root') });
  });

  it('remembers a failed download for a day', () => {
    const failure = { at: now - failureRememberedMs + 1, version: '45.4.1' };
    expect(chooseShell({ ...facts, failure })).toMatchObject({
      kind: 'browser',
      reason: expect.stringContaining('tomorrow'),
    });
    expect(chooseShell({ ...facts, failure, now: now + 1 })).toEqual({ kind: 'download' });
  });

  it('opens an Electron that came by another way in the meantime', () => {
    const failure = { at: now - 1, version: '45.4.1' };
    expect(chooseShell({ ...facts, failure, installed: true })).toEqual({ kind: 'electron' });
  });
});

describe('isRemembered', () => {
  it('forgets a failure of another version', () => {
    expect(isRemembered({ at: now - 1, version: '45.0.0' }, '45.4.1', now)).toBe(false);
  });

  it('forgets a failure in the future', () => {
    expect(isRemembered({ at: now + 1, version: '45.4.1' }, '45.4.1', now)).toBe(false);
  });
});

describe('hasDisplay', () => {
  it.each([
    ['linux', {}, false],
    ['linux', { DISPLAY: '' }, false],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['darwin', {}, true],
    ['win32', {}, true],
  ])('%s %j → %s', (platform, env, expected) => {
    expect(hasDisplay(platform, env)).toBe(expected);
  });
});

describe('isFailedStart', () => {
  it.each([
    [{ ranMs: 200, code: 127, signal: null }, true],
    [{ ranMs: 200, code: null, signal: 'SIGTRAP' }, true],
    [{ ranMs: 200, code: 0, signal: null }, false],
    [{ ranMs: 200, code: 1, signal: null }, false],
    [{ ranMs: 200, code: null, signal: 'SIGTERM' }, false],
    [{ ranMs: 60_000, code: null, signal: 'SIGTRAP' }, false],
  ])('%j → %s', (ending, expected) => {
    expect(isFailedStart(ending)).toBe(expected);
  });
});

describe('findElectronForTests', () => {
  const facts = { nodeModules: '/nowhere', platform: 'linux', isRoot: false };
  const env = { ELECTRON_OVERRIDE_DIST_PATH: '/nowhere', DISPLAY: ':0' };

  it('says why there is none', () => {
    expect(findElectronForTests({ ...facts, env })).toEqual({ reason: 'it is not installed' });
  });

  it('takes the one that is named, where it may run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-electron-'));
    const path = join(folder, 'electron');
    writeFileSync(path, '');
    const named = { ...env, ELECTRON_OVERRIDE_DIST_PATH: folder };
    expect(findElectronForTests({ ...facts, env: named })).toEqual({ path });
    expect(findElectronForTests({ ...facts, env: { ...named, DISPLAY: '' } })).toEqual({
      reason: 'there is no display',
    });
    expect(findElectronForTests({ ...facts, env: named, isRoot: true })).toHaveProperty('reason');
    rmSync(folder, { recursive: true });
  });
});
