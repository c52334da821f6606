import { describe, expect, it } from 'vitest';
import { dependencyState, installError, lockHash, sameTree } from '../../../build/lib/dependencies.mjs';

const locked = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/zod': { version: '4.0.0', integrity: 'sha512-a' },
    'node_modules/binary-for-another-system': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  },
};
const installed = { packages: { 'node_modules/zod': { version: '4.0.0', integrity: 'sha512-a' } } };
const lock = JSON.stringify(locked);
const stampFor = (text: string, platform = 'linux-x64') => JSON.stringify({ lock: lockHash(text), platform });
const facts = {
  lock,
  stamp: stampFor(lock),
  installed: JSON.stringify(installed),
  interrupted: false,
  platform: 'linux-x64',
};

describe('dependencyState', () => {
  it('is ready when the stamp names this lock file', () => {
    expect(dependencyState(facts)).toBe('ready');
  });

  it('installs when nothing is there', () => {
    expect(dependencyState({ ...facts, stamp: undefined, installed: undefined })).toBe('install');
  });

  it('installs when an install of ours was interrupted, whatever else is there', () => {
    expect(dependencyState({ ...facts, interrupted: true })).toBe('install');
  });

  it('adopts a tree that a person installed with npm', () => {
    expect(dependencyState({ ...facts, stamp: undefined })).toBe('adopt');
  });

  it('installs when the lock file moved on and the tree did not', () => {
    const newer = lock.replace('4.0.0', '4.0.1');
    expect(dependencyState({ ...facts, lock: newer })).toBe('install');
  });

  it('adopts when the lock file moved on and a person ran npm already', () => {
    const newer = lock.replace('4.0.0', '4.0.1');
    const tree = facts.installed.replace('4.0.0', '4.0.1');
    expect(dependencyState({ ...facts, lock: newer, installed: tree })).toBe('adopt');
  });

  it('does not trust the stamp of another platform when the tree is unknown', () => {
    const stamp = stampFor(lock, 'win32-x64');
    expect(dependencyState({ ...facts, stamp, installed: undefined })).toBe('install');
  });

  it('installs over a damaged record', () => {
    expect(dependencyState({ ...facts, stamp: '{', installed: '{"packages":' })).toBe('install');
  });
});

describe('sameTree', () => {
  it('lets optional packages be absent, and no others', () => {
    expect(sameTree(locked, installed)).toBe(true);
    expect(sameTree(locked, { packages: {} })).toBe(false);
  });

  it('refuses another content under the same version', () => {
    const other = { packages: { 'node_modules/zod': { version: '4.0.0', integrity: 'sha512-other' } } };
    expect(sameTree(locked, other)).toBe(false);
  });

  it('refuses a package that the lock file does not name', () => {
    const more = { packages: { ...installed.packages, 'node_modules/extra': { version: '1.0.0' } } };
    expect(sameTree(locked, more)).toBe(false);
  });
});

describe('installError', () => {
  it.each([
    ['npm error code ENOSPC', 'SETUP_DISK_FULL'],
    ['npm error code EUSAGE', 'SETUP_LOCK_FILE_DIFFERS'],
    ['npm error code ENOTFOUND', 'SETUP_DEPENDENCIES'],
  ])('%s → %s', (output, code) => {
    expect(installError(output).code).toBe(code);
  });
});
