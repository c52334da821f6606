import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installDependencies, readDependencyState } from '../../../build/lib/dependencies.mjs';
import { setUpPaths } from '../../../build/lib/paths.mjs';

describe('the dependencies of a folder', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pilotlight-dependencies-'));
    // One package that lies in the folder itself: npm installs it without a network.
    mkdirSync(join(root, 'local'));
    writeFileSync(join(root, 'local/package.json'), JSON.stringify({ name: 'local', version: '1.0.0' }));
    const dependencies = { local: 'file:local' };
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({ name: 'fixture', version: '1.0.0', dependencies }),
    );
    writeLock({});
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function writeLock(more: object) {
    const lock = {
      name: 'fixture',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'fixture', version: '1.0.0', dependencies: { local: 'file:local' } },
        local: { version: '1.0.0' },
        'node_modules/local': { resolved: 'local', link: true },
      },
      ...more,
    };
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
  }

  it('are installed by npm from the lock file, once', async () => {
    const paths = setUpPaths(root);
    expect(readDependencyState(paths)).toBe('install');
    await installDependencies({ root, paths });
    expect(existsSync(join(root, 'node_modules/local/package.json'))).toBe(true);
    expect(readDependencyState(paths)).toBe('ready');
  });

  it('are installed again when the lock file changes', async () => {
    const paths = setUpPaths(root);
    const install = async () => {
      mkdirSync(paths.nodeModules, { recursive: true });
      return { code: 0, tail: '' };
    };
    await installDependencies({ root, paths, install });
    expect(readDependencyState(paths)).toBe('ready');
    writeLock({ version: '1.0.1' });
    expect(readDependencyState(paths)).toBe('install');
  });

  it('are installed again after an install that was killed, even when npm had written its own record', async () => {
    const paths = setUpPaths(root);
    const killed = async () => {
      mkdirSync(paths.nodeModules, { recursive: true });
      const lock = JSON.parse(readFileSync(paths.lockFile, 'utf8'));
      delete lock.packages[''];
      writeFileSync(join(paths.nodeModules, '.package-lock.json'), JSON.stringify(lock));
      throw new Error('killed');
    };
    await expect(installDependencies({ root, paths, install: killed })).rejects.toThrow('killed');
    expect(readDependencyState(paths)).toBe('install');
  });

  it('report what npm said when it fails, and are tried again', async () => {
    const paths = setUpPaths(root);
    const install = async () => ({ code: 1, tail: 'npm error code ENOTFOUND' });
    await expect(installDependencies({ root, paths, install })).rejects.toMatchObject({
      code: 'SETUP_DEPENDENCIES',
      details: 'npm error code ENOTFOUND',
    });
    expect(readDependencyState(paths)).toBe('install');
  });

  it('cannot be installed without a lock file', async () => {
    rmSync(join(root, 'package-lock.json'));
    await expect(installDependencies({ root, paths: setUpPaths(root) })).rejects.toMatchObject({
      code: 'SETUP_NO_LOCK_FILE',
    });
  });
});
