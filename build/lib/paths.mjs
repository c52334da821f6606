// @ts-check
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's own folder. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

/**
 * Where the set-up stores its files. All of it is ignored by git and can be deleted at any time.
 * @param {string} root the repository's folder
 */
export function setUpPaths(root) {
  return {
    lockFile: join(root, 'package-lock.json'),
    nodeModules: join(root, 'node_modules'),
    dependencyStamp: join(root, 'node_modules', '.pilotlight-set-up.json'),
    runtimes: join(root, '.runtime'),
    cache: join(root, '.cache'),
    compileCache: join(root, '.cache', 'compile'),
    installing: join(root, '.cache', 'installing'),
    setUpLock: join(root, '.cache', 'set-up.lock'),
    electronFailure: join(root, '.cache', 'electron-download.json'),
    testReports: join(root, '.cache', 'test'),
    dist: join(root, 'dist'),
    buildStamp: join(root, 'dist', '.inputs.json'),
  };
}
