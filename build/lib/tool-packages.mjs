// @ts-check
// Stryker and electron-builder are not in the main lock file: only `npm run mutate` and `npm run package` need them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installError, sameTree } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { setUpPaths } from './paths.mjs';
import { npmCommand, runCaptured } from './process.mjs';

/**
 * Installs the packages of build/tools unless npm's own record says that they are complete.
 * @param {string} root
 * @param {(folder: string) => Promise<{ code: number, tail: string }>} [install]
 * @returns {Promise<void>}
 */
export async function installTools(root, install = npmCi) {
  const folder = join(root, 'build', 'tools');
  if (areInstalled(folder)) return;
  await withLock(setUpPaths(root).setUpLock, async () => {
    if (areInstalled(folder)) return;
    process.stderr.write('Installing the packages of build/tools …\n');
    const result = await install(folder);
    if (result.code !== 0) throw installError(result.tail);
  });
}

/**
 * @param {string} folder
 * @returns {boolean}
 */
function areInstalled(folder) {
  try {
    const read = (/** @type {string} */ file) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return sameTree(read('package-lock.json'), read('node_modules/.package-lock.json'));
  } catch {
    return false;
  }
}

/**
 * vitest is a peer of Stryker's runner and comes from the repository: `legacy-peer-deps` in build/tools/.npmrc.
 * @param {string} folder
 */
function npmCi(folder) {
  const npm = npmCommand();
  return runCaptured(
    npm.command,
    [
      ...npm.args,
      'ci',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { cwd: folder, shell: npm.shell },
  );
}
