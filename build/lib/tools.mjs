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
import { delimiter, join } from 'node:path';
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
 * The first program that answers `--version`: some systems have a file of that name that only says what to install.
 * @param {readonly string[]} files
 * @returns {Promise<string | undefined>}
 */
export async function firstThatRuns(files) {
  for (const file of files) {
    if (!isExecutable(file)) continue;
    const result = await runCaptured(file, ['--version'], { timeoutMs: 30_000 });
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
function onDebian() {
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
    await unpackPromtool(own, join(cache, 'tools'));
    const unpacked = await firstThatRuns([own]);
    if (unpacked !== undefined) return { path: unpacked };
  }
  return { fix: 'The metrics test needs promtool: install Prometheus, or set PROMTOOL_PATH.' };
}

/**
 * @param {string} target
 * @param {string} folder
 */
async function unpackPromtool(target, folder) {
  mkdirSync(folder, { recursive: true });
  sweepWorkFolders(folder, /^unpack-(\d{1,10})-\w{6}$/);
  const work = mkdtempSync(join(folder, `unpack-${process.pid}-`));
  try {
    if (canUseApt()) await runCaptured('apt-get', ['update'], { timeoutMs: aptLimitMs });
    // As root, apt-get downloads as another user, who cannot write here without this option.
    const options = ['-o', 'APT::Sandbox::User=root', 'download', 'prometheus'];
    await runCaptured('apt-get', options, { cwd: work, timeoutMs: aptLimitMs });
    const file = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (file === undefined) return;
    const unpacked = join(work, 'content');
    const result = await runCaptured('dpkg-deb', ['-x', join(work, file), unpacked]);
    if (result.code === 0) renameSync(join(unpacked, 'usr', 'bin', 'promtool'), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
