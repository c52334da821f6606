// @ts-check
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A failed download is not retried before this time has passed. */
export const failureRememberedMs = 24 * 60 * 60 * 1_000;

/** Electron exits at once if a system library or the sandbox is missing. */
const failedStartMs = 5_000;

/**
 * @typedef {{ at: number, version: string }} DownloadFailure `at`: milliseconds since 1970
 * @typedef {{ kind: 'electron' } | { kind: 'download' } | { kind: 'browser', reason: string }} Shell
 */

/**
 * Decides where the panel opens.
 * @param {object} facts
 * @param {boolean} facts.headless the person wants no window
 * @param {string} facts.platform
 * @param {NodeJS.ProcessEnv} facts.env
 * @param {boolean} facts.isRoot
 * @param {boolean} facts.installed whether Electron's binary is installed
 * @param {string} facts.version Electron's version
 * @param {DownloadFailure | undefined} facts.failure the last failed download
 * @param {number} facts.now milliseconds since 1970
 * @returns {Shell} `reason` is empty if there is nothing to report
 */
export function chooseShell({ headless, platform, env, isRoot, installed, version, failure, now }) {
  if (headless) return { kind: 'browser', reason: '' };
  if (!hasDisplay(platform, env)) {
    return { kind: 'browser', reason: 'No display found. Serving the panel to the browser.' };
  }
  if (isRoot && platform === 'linux') {
    return {
      kind: 'browser',
      reason: 'Electron cannot run as root with its sandbox. Serving the panel to the browser.',
    };
  }
  if (installed) return { kind: 'electron' };
  if (isRemembered(failure, version, now)) {
    return {
      kind: 'browser',
      reason:
        'Electron could not be downloaded in the last 24 hours. Serving the panel to the browser; the next try is tomorrow.',
    };
  }
  return { kind: 'download' };
}

/**
 * @param {string} platform
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
export function hasDisplay(platform, env) {
  if (platform === 'darwin' || platform === 'win32') return true;
  return (env.DISPLAY ?? '') !== '' || (env.WAYLAND_DISPLAY ?? '') !== '';
}

/**
 * @param {DownloadFailure | undefined} failure
 * @param {string} version a different version is tried again
 * @param {number} now
 * @returns {boolean}
 */
export function isRemembered(failure, version, now) {
  if (failure === undefined || failure.version !== version) return false;
  // A time in the future means the clock was set back; it must not block the download indefinitely.
  return failure.at <= now && now - failure.at < failureRememberedMs;
}

/**
 * Whether Electron exited in the way it does where it cannot run at all, so that the browser is used instead.
 * @param {{ ranMs: number, code: number | null, signal: string | null }} ending
 * @returns {boolean}
 */
export function isFailedStart({ ranMs, code, signal }) {
  if (ranMs > failedStartMs) return false;
  if (signal !== null)
    return ['SIGTRAP', 'SIGABRT', 'SIGILL', 'SIGSEGV', 'SIGBUS', 'SIGSYS'].includes(signal);
  return code === 126 || code === 127;
}

/**
 * @param {string} file
 * @returns {DownloadFailure | undefined}
 */
export function readFailure(file) {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value?.at === 'number' && typeof value?.version === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {DownloadFailure} failure
 */
export function rememberFailure(file, failure) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(failure));
}

/**
 * @param {string} file
 */
export function forgetFailure(file) {
  rmSync(file, { force: true });
}

/**
 * Where Electron's package stores its binary, and whether it is installed in the package's version.
 * @param {string} nodeModules
 * @returns {{ version: string, binary: string | undefined, installer: string }}
 */
export function findElectron(nodeModules) {
  const folder = join(nodeModules, 'electron');
  const version = String(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
  return { version, binary: findBinary(folder, version), installer: join(folder, 'install.js') };
}

/**
 * The Electron that tests can run in, or why there is none. `ELECTRON_OVERRIDE_DIST_PATH` names another one's folder.
 * @param {{ nodeModules: string, platform: string, env: NodeJS.ProcessEnv, isRoot: boolean }} facts
 * @returns {{ path: string } | { reason: string }}
 */
export function findElectronForTests({ nodeModules, platform, env, isRoot }) {
  const override = env.ELECTRON_OVERRIDE_DIST_PATH;
  const path =
    override === undefined || override === ''
      ? findElectron(nodeModules).binary
      : join(override, platform === 'win32' ? 'electron.exe' : 'electron');
  if (path === undefined || !existsSync(path)) return { reason: 'it is not installed' };
  if (!hasDisplay(platform, env)) return { reason: 'there is no display' };
  if (isRoot && platform === 'linux') return { reason: 'it cannot run as root with its sandbox' };
  return { path };
}

/**
 * @param {string} folder
 * @param {string} version
 * @returns {string | undefined}
 */
function findBinary(folder, version) {
  try {
    const unpacked = readFileSync(join(folder, 'dist', 'version'), 'utf8')
      .trim()
      .replace(/^v/, '');
    const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8'));
    return unpacked === version && existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
