// @ts-check
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { sweepWorkFolders } from './leftovers.mjs';
import { runCaptured } from './process.mjs';

const aptLimitMs = 10 * 60 * 1_000;

/**
 * @param {readonly string[]} names in order of preference
 * @param {string} path the PATH to search
 * @returns {string[]} the executable files with these names
 */
export function searchPath(names, path) {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name)).filter(isExecutable));
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first program that says its version: some systems have a file of that name that only says what to install.
 * @param {readonly string[]} files
 * @param {string} [option] that asks for the version
 * @returns {Promise<string | undefined>}
 */
export async function firstThatRuns(files, option = '--version') {
  for (const file of files) {
    if (!isExecutable(file)) continue;
    const result = await runCaptured(file, [option], { timeoutMs: 30_000 });
    if (result.code === 0) return file;
  }
  return undefined;
}

/**
 * Whether the system is Debian, Ubuntu or a derivative.
 * @param {string} osRelease text of /etc/os-release
 * @returns {boolean}
 */
export function isDebianLike(osRelease) {
  const line = (/** @type {string} */ key) =>
    new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1]?.split(' ') ?? [];
  return [...line('ID'), ...line('ID_LIKE')].some((name) => name === 'debian' || name === 'ubuntu');
}

/**
 * @returns {boolean} whether this process may install system packages
 */
export function canUseApt() {
  return process.getuid?.() === 0 && onDebian();
}

/**
 * @returns {boolean}
 */
export function onDebian() {
  try {
    return isDebianLike(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * @param {readonly string[]} packages
 * @returns {Promise<boolean>}
 */
export async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runCaptured('apt-get', ['update'], { env, timeoutMs: aptLimitMs });
  const result = await runCaptured('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    env,
    timeoutMs: aptLimitMs,
  });
  return result.code === 0;
}

/**
 * Finds promtool, which checks our metrics the way Prometheus does. On Debian it is extracted from the package without
 * installing that, because the package would start a server.
 * @param {{ cache: string, say: (sentence: string) => void }} options
 * @returns {Promise<{ path: string } | { fix: string }>}
 */
export async function findPromtool({ cache, say }) {
  const own = join(cache, 'tools', 'promtool');
  const named = process.env.PROMTOOL_PATH;
  const candidates = [
    ...(named === undefined || named === '' ? [] : [named]),
    ...searchPath(['promtool'], process.env.PATH ?? ''),
    own,
  ];
  const present = await firstThatRuns(candidates);
  if (present !== undefined) return { path: present };
  if (onDebian()) {
    say('Extracting promtool from Debian’s package prometheus for the metrics test.');
    await unpackProgram({ packageName: 'prometheus', file: 'usr/bin/promtool', target: own });
    const unpacked = await firstThatRuns([own]);
    if (unpacked !== undefined) return { path: unpacked };
  }
  return { fix: 'The metrics test needs promtool: install Prometheus, or set PROMTOOL_PATH.' };
}

/**
 * Finds nginx, with which the gateway's benchmarks compare it. On Debian it is extracted in the same way.
 * @param {{ cache: string, say: (sentence: string) => void }} options
 * @returns {Promise<{ path: string } | { fix: string }>}
 */
export async function findNginx({ cache, say }) {
  const own = join(cache, 'tools', 'nginx');
  // It is a server, so a user's PATH may not contain its folder.
  const path = [process.env.PATH ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);
  const present = await firstThatRuns([...searchPath(['nginx'], path), own], '-v');
  if (present !== undefined) return { path: present };
  if (onDebian()) {
    say('Extracting nginx from Debian’s package nginx, to compare the gateway with it.');
    await unpackProgram({ packageName: 'nginx', file: 'usr/sbin/nginx', target: own });
    const unpacked = await firstThatRuns([own], '-v');
    if (unpacked !== undefined) return { path: unpacked };
  }
  return { fix: 'nginx is missing, so nothing is compared with it: install nginx.' };
}

/**
 * Downloads packages without installing them. One that cannot be had is left out.
 * @param {readonly string[]} packages
 * @param {string} folder
 * @param {{ refresh?: boolean }} [options] `refresh`: update the lists of packages first, where that is allowed
 * @returns {Promise<string[]>} the paths of the new archives
 */
export async function aptDownload(packages, folder, { refresh = false } = {}) {
  if (refresh && canUseApt()) await runCaptured('apt-get', ['update'], { timeoutMs: aptLimitMs });
  const before = new Set(readdirSync(folder));
  for (const name of packages) {
    // As root, apt-get downloads as another user, who cannot write here without this option.
    const options = ['-o', 'APT::Sandbox::User=root', 'download', name];
    await runCaptured('apt-get', options, { cwd: folder, timeoutMs: aptLimitMs });
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.deb') && !before.has(name))
    .map((name) => join(folder, name));
}

/**
 * Moves one program of a Debian package to `target`, without installing the package.
 * @param {{ packageName: string, file: string, target: string }} options
 */
async function unpackProgram({ packageName, file, target }) {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  sweepWorkFolders(folder, /^unpack-(\d{1,10})-\w{6}$/);
  const work = mkdtempSync(join(folder, `unpack-${process.pid}-`));
  try {
    const [archive] = await aptDownload([packageName], work, { refresh: true });
    if (archive === undefined) return;
    const unpacked = join(work, 'content');
    const result = await runCaptured('dpkg-deb', ['-x', archive, unpacked]);
    if (result.code === 0) renameSync(join(unpacked, file), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What the tests of packages use, and the Debian package of each. */
const packageTools = [
  ['7za', 'p7zip-full'],
  ['dpkg-deb', 'dpkg'],
  ['strip', 'binutils'],
  ['lintian', 'lintian'],
  ['desktop-file-validate', 'desktop-file-utils'],
];

/**
 * Installs what is missing for the tests of packages where that is allowed.
 * @param {{ mayInstall: boolean, say: (sentence: string) => void }} options
 * @returns {Promise<string | undefined>} how to install what is still missing; the tests that need it are skipped
 */
export async function packageToolsMissing({ mayInstall, say }) {
  const missing = () =>
    packageTools.filter(([program]) => searchPath([program ?? ''], process.env.PATH ?? '').length === 0);
  if (process.platform !== 'linux' || missing().length === 0) return undefined;
  if (mayInstall && canUseApt()) {
    say(
      `Installing ${missing()
        .map(([program]) => program)
        .join(', ')} for the tests of packages.`,
    );
    await aptInstall(missing().map(([, name]) => name ?? ''));
  }
  const still = missing();
  if (still.length === 0) return undefined;
  const names = still.map(([, name]) => name).join(' ');
  return `Not everything in packages is tested: install ${names}.`;
}
