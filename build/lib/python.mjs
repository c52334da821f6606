// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCaptured } from './process.mjs';
import { searchPath } from './tools.mjs';

const installLimitMs = 10 * 60 * 1_000;
/** The oldest that the pinned packages run on, minor version of Python 3. */
const oldest = 10;

/**
 * A Python with the packages of a requirements file, in an environment of its own that is kept until the file changes.
 * @param {{ cache: string, requirements: string, name: string, what: string, megabytes: number,
 *   say: (sentence: string) => void }} options `name` of the environment, of which one is kept; `what` is installed, for
 *   people
 * @returns {Promise<{ path: string } | { fix: string }>} the path of its interpreter, or what to do to get one
 */
export async function preparePython({ cache, requirements, name, what, megabytes, say }) {
  const base = await findPython();
  if (base === undefined) {
    return { fix: `${atStart(what)} needs Python 3.${oldest} or newer with its module venv: install it.` };
  }
  const key = createHash('sha256').update(readFileSync(requirements)).update(base.version).digest('hex');
  const folder = join(cache, 'tools', `${name}-${key.slice(0, 16)}`);
  const path = pythonIn(folder);
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return { path };
  say(`Installing ${what} (${megabytes} MB).`);
  forgetEarlier(join(cache, 'tools'), `${name}-`);
  const steps = [
    [base.path, ['-m', 'venv', folder]],
    [path, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]],
  ];
  for (const [program, args] of steps) {
    const result = await runCaptured(/** @type {string} */ (program), /** @type {string[]} */ (args), {
      timeoutMs: installLimitMs,
    });
    if (result.code !== 0) {
      const reason = result.tail.trim().split('\n').at(-1) ?? '';
      return { fix: `${atStart(what)} could not be installed: ${reason}` };
    }
  }
  mkdirSync(complete);
  return { path };
}

/**
 * @returns {Promise<{ path: string, version: string } | undefined>}
 */
async function findPython() {
  const program = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
  for (const path of searchPath(['python3', 'python'], process.env.PATH ?? '')) {
    const { code, tail } = await runCaptured(path, ['-c', program], { timeoutMs: 30_000 });
    const version = tail.trim();
    if (code === 0 && Number(/^3\.(\d+)$/.exec(version)?.[1]) >= oldest) return { path, version };
  }
  return undefined;
}

/**
 * @param {string} folder
 * @returns {string}
 */
function pythonIn(folder) {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

/**
 * Environments of earlier requirements, and one that was left half installed.
 * @param {string} tools
 * @param {string} prefix
 */
function forgetEarlier(tools, prefix) {
  mkdirSync(tools, { recursive: true });
  for (const name of readdirSync(tools)) {
    if (name.startsWith(prefix)) rmSync(join(tools, name), { recursive: true, force: true });
  }
}

/** @param {string} words of a sentence that they begin */
const atStart = (words) => words.charAt(0).toUpperCase() + words.slice(1);
