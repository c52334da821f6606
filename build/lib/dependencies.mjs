// @ts-check
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetUpError } from './errors.mjs';
import { removeForeignBinaries } from './foreign-binaries.mjs';
import { npmCommand, runCaptured } from './process.mjs';

/**
 * @typedef {{ lock: string, platform: string }} DependencyStamp
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, link?: boolean }} LockedPackage
 */

/**
 * @param {string} text the whole lock file
 * @returns {string}
 */
export function lockHash(text) {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Whether npm's own record of what it installed matches the lock file. A tree that a person installed with npm is
 * accepted and not replaced. Optional packages may be missing: most are for other
 * platforms.
 * @param {{ packages?: Record<string, LockedPackage> }} locked package-lock.json
 * @param {{ packages?: Record<string, LockedPackage> }} installed node_modules/.package-lock.json
 * @returns {boolean}
 */
export function sameTree(locked, installed) {
  const wanted = locked.packages ?? {};
  const have = installed.packages ?? {};
  for (const name of Object.keys(have)) {
    if (!(name in wanted)) return false;
  }
  for (const [name, wantedPackage] of Object.entries(wanted)) {
    if (name === '') continue;
    const found = have[name];
    if (found === undefined) {
      if (wantedPackage.optional === true || wantedPackage.devOptional === true) continue;
      return false;
    }
    if (found.version !== wantedPackage.version || found.integrity !== wantedPackage.integrity) return false;
  }
  return true;
}

/**
 * Decides whether the dependencies are there.
 * @param {object} facts
 * @param {string | undefined} facts.lock text of package-lock.json
 * @param {string | undefined} facts.stamp text of our stamp, written last by an install of ours
 * @param {string | undefined} facts.installed text of node_modules/.package-lock.json
 * @param {boolean} facts.interrupted whether an install of ours was interrupted
 * @param {string} facts.platform platform and processor, because packages carry binaries
 * @returns {'ready' | 'adopt' | 'install'} `adopt`: complete, but without our stamp
 */
export function dependencyState({ lock, stamp, installed, interrupted, platform }) {
  if (lock === undefined || interrupted) return 'install';
  const known = /** @type {DependencyStamp | undefined} */ (parseJson(stamp));
  if (known !== undefined) {
    return known.lock === lockHash(lock) && known.platform === platform
      ? 'ready'
      : adoptable(lock, installed);
  }
  return adoptable(lock, installed);
}

/**
 * @param {string} lock
 * @param {string | undefined} installed
 * @returns {'adopt' | 'install'}
 */
function adoptable(lock, installed) {
  const wanted = parseJson(lock);
  const have = parseJson(installed);
  if (wanted === undefined || have === undefined) return 'install';
  return sameTree(wanted, have) ? 'adopt' : 'install';
}

/**
 * @param {ReturnType<typeof import('./paths.mjs').setUpPaths>} paths
 * @param {string} [platform]
 * @returns {'ready' | 'adopt' | 'install'}
 */
export function readDependencyState(paths, platform = `${process.platform}-${process.arch}`) {
  return dependencyState({
    lock: readText(paths.lockFile),
    stamp: readText(paths.dependencyStamp),
    installed: readText(join(paths.nodeModules, '.package-lock.json')),
    interrupted: readText(paths.installing) !== undefined,
    platform,
  });
}

/**
 * Writes the stamp that marks the dependencies as complete for this lock file.
 * @param {ReturnType<typeof import('./paths.mjs').setUpPaths>} paths
 * @param {string} lock text of the lock file at the time the install began
 * @param {string} [platform]
 */
export function writeDependencyStamp(paths, lock, platform = `${process.platform}-${process.arch}`) {
  writeFileSync(paths.dependencyStamp, JSON.stringify({ lock: lockHash(lock), platform }));
}

/**
 * Installs what the lock file names. The marker in the cache survives a kill, so that an incomplete install is redone.
 * @param {object} options
 * @param {string} options.root
 * @param {ReturnType<typeof import('./paths.mjs').setUpPaths>} options.paths
 * @param {(root: string) => Promise<{ code: number, tail: string }>} [options.install]
 */
export async function installDependencies({ root, paths, install = npmCi }) {
  const lock = readText(paths.lockFile);
  if (lock === undefined) {
    throw new SetUpError(
      'SETUP_NO_LOCK_FILE',
      'package-lock.json is missing.',
      'Restore it with `git checkout package-lock.json`, then try again.',
    );
  }
  mkdirSync(dirname(paths.installing), { recursive: true });
  rmSync(paths.dependencyStamp, { force: true });
  writeFileSync(paths.installing, String(process.pid));
  const result = await install(root);
  if (result.code !== 0) throw installError(result.tail);
  removeForeignBinaries(paths.nodeModules);
  writeDependencyStamp(paths, lock);
  rmSync(paths.installing, { force: true });
}

/**
 * @param {string} output the end of npm's output
 * @returns {SetUpError}
 */
export function installError(output) {
  if (/ENOSPC|no space left/i.test(output)) {
    return new SetUpError(
      'SETUP_DISK_FULL',
      'The disk is full, so the dependencies could not be installed.',
      'Free about 1 GB and try again.',
    );
  }
  if (/EUSAGE|can only install packages when your package\.json and package-lock\.json/i.test(output)) {
    return new SetUpError(
      'SETUP_LOCK_FILE_DIFFERS',
      'package.json and package-lock.json do not match.',
      'Run `npm install`, review the change, then try again.',
      { details: output },
    );
  }
  return new SetUpError(
    'SETUP_DEPENDENCIES',
    'The dependencies could not be installed.',
    'Check the network and try again.',
    { details: output },
  );
}

/**
 * Install scripts are disabled: none of our packages needs one, and one that downloads would fail behind a firewall.
 * @param {string} root
 * @returns {Promise<{ code: number, tail: string }>}
 */
function npmCi(root) {
  const npm = npmCommand();
  return runCaptured(
    npm.command,
    [
      ...npm.args,
      'ci',
      '--ignore-scripts',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { cwd: root, shell: npm.shell },
  );
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {string | undefined} text
 * @returns {any}
 */
function parseJson(text) {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
