// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findElectron } from '../desktop.mjs';
import { SetUpError } from '../errors.mjs';
import { makeStandIn, standInMark } from './standin.mjs';

/** @typedef {{ folder: string, version: string, isStandIn: boolean }} Distribution */

/**
 * The folder of Electron's distribution to package: the named one, the installed one, or a stand-in made here.
 * Nothing is downloaded.
 * @param {{ nodeModules: string, named: string | undefined, required: boolean, work: string, platform: string,
 *   arch: string }} options `work`: where a stand-in is made
 * @returns {Distribution}
 * @throws {SetUpError} `PACKAGE_ELECTRON_VERSION`, `PACKAGE_ELECTRON_MISSING`
 */
export function chooseDistribution({ nodeModules, named, required, work, platform, arch }) {
  const { version, binary } = findElectron(nodeModules);
  if (named !== undefined) {
    const found = versionIn(named);
    if (found === undefined || !existsSync(join(named, programOf(platform)))) {
      throw new SetUpError(
        'PACKAGE_ELECTRON_MISSING',
        `There is no Electron in ${named}.`,
        'Name the folder that its zip file was unpacked to.',
      );
    }
    const isStandIn = found === `${version}${standInMark}`;
    if (found !== version && !isStandIn) {
      throw new SetUpError(
        'PACKAGE_ELECTRON_VERSION',
        `The Electron in ${named} is ${found}, but this version of Pilotlight is built and tested with ${version}.`,
        `Take Electron ${version}, or change its version in package.json and run the tests.`,
      );
    }
    if (isStandIn && required) throw missing(version);
    return { folder: named, version, isStandIn };
  }
  if (binary !== undefined) return { folder: distributionOf(binary, platform), version, isStandIn: false };
  if (required || platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) throw missing(version);
  const folder = join(work, 'electron');
  makeStandIn({ folder, version, arch });
  return { folder, version, isStandIn: true };
}

/**
 * @param {string} version
 * @returns {SetUpError}
 */
function missing(version) {
  return new SetUpError(
    'PACKAGE_ELECTRON_MISSING',
    `Electron ${version} is not installed.`,
    'Run npx install-electron, or name its folder with --electron DIR.',
  );
}

/**
 * @param {string} binary
 * @param {string} platform
 */
function distributionOf(binary, platform) {
  // …/dist/Electron.app/Contents/MacOS/Electron
  return platform === 'darwin' ? dirname(dirname(dirname(dirname(binary)))) : dirname(binary);
}

/**
 * @param {string} platform
 */
function programOf(platform) {
  if (platform === 'darwin') return 'Electron.app';
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

/**
 * @param {string} folder
 * @returns {string | undefined}
 */
function versionIn(folder) {
  try {
    return readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '');
  } catch {
    return undefined;
  }
}
