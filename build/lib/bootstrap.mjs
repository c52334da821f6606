// @ts-check
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installDependencies, readDependencyState, writeDependencyStamp } from './dependencies.mjs';
import { SetUpError } from './errors.mjs';
import { isBuilt } from './inputs.mjs';
import { withLock } from './lock.mjs';
import { repositoryRoot, setUpPaths } from './paths.mjs';
import { endLike, endWithNpm, runCaptured, runForeground, runtimeEnvironment } from './process.mjs';
import { createProgress, formatMegabytes } from './progress.mjs';
import { chooseRuntime, fetchRuntime, noRuntimeError } from './runtime.mjs';

/**
 * @typedef {object} Ready
 * @property {string} root the repository's folder
 * @property {string} node the Node binary that runs the program
 * @property {NodeJS.ProcessEnv} env the environment for it
 * @property {ReturnType<typeof setUpPaths>} paths
 */

/**
 * Sets up Node, the dependencies and the build, in this order, and prints something only if one is missing.
 * @param {{ root?: string, build?: boolean }} [options] `build`: false if the caller runs the build itself
 * @returns {Promise<Ready>}
 */
export async function prepare({ root = repositoryRoot, build = true } = {}) {
  endWithNpm();
  const paths = setUpPaths(root);
  let needs = findMissing(root, paths, build);
  if (needs.any) {
    const reportWaiting = (/** @type {number} */ pid) =>
      process.stderr.write(`Waiting for another set-up in this folder (process ${pid}) …\n`);
    await withLock(paths.setUpLock, () => setUp(root, paths, build), { onWait: reportWaiting });
    needs = findMissing(root, paths, build);
  }
  mkdirSync(paths.compileCache, { recursive: true });
  const node = needs.runtime.kind === 'none' ? process.execPath : needs.runtime.node;
  return { root, node, paths, env: runtimeEnvironment({ node, compileCache: paths.compileCache }) };
}

/**
 * What is missing. If nothing has changed, this is all that a start costs: a few milliseconds.
 * @param {string} root
 * @param {ReturnType<typeof setUpPaths>} paths
 * @param {boolean} build
 */
function findMissing(root, paths, build) {
  const runtime = chooseRuntime({
    version: process.version,
    execPath: process.execPath,
    platform: process.platform,
    arch: process.arch,
    folder: paths.runtimes,
    exists: existsSync,
  });
  const dependencies = readDependencyState(paths);
  const stale = build && !isBuilt(root, paths.buildStamp);
  const fetch = runtime.kind === 'fetch' || runtime.kind === 'none';
  return { runtime, dependencies, stale, any: fetch || dependencies !== 'ready' || stale };
}

/**
 * @param {string} root
 * @param {ReturnType<typeof setUpPaths>} paths
 * @param {boolean} build
 */
async function setUp(root, paths, build) {
  // Checked again: another set-up may have finished while this one waited.
  const needs = findMissing(root, paths, build);
  const { runtime } = needs;
  if (runtime.kind === 'none') throw noRuntimeError(runtime.platform);
  const install = needs.dependencies === 'install';
  const total = Number(runtime.kind === 'fetch') + Number(install) + Number(needs.stale);
  const progress = createProgress({ total });

  if (runtime.kind === 'fetch') {
    const { version, bytes } = runtime.package;
    await step(progress, `Node ${version}, ${formatMegabytes(bytes)}`, () =>
      fetchRuntime({ choice: runtime, runtimes: paths.runtimes }),
    );
  }
  if (needs.dependencies === 'adopt') writeDependencyStamp(paths, readFileSync(paths.lockFile, 'utf8'));
  if (install) await step(progress, 'Dependencies', () => installDependencies({ root, paths }));
  if (needs.stale) await step(progress, 'Build', () => runBuild(root, runtime.node, paths));
}

/**
 * @template T
 * @param {ReturnType<typeof createProgress>} progress
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function step(progress, title, work) {
  const current = progress.start(title);
  try {
    const result = await work();
    current.done();
    return result;
  } catch (error) {
    current.fail();
    throw error;
  }
}

/**
 * @param {string} root
 * @param {string} node
 * @param {ReturnType<typeof setUpPaths>} paths
 */
async function runBuild(root, node, paths) {
  const env = { ...runtimeEnvironment({ node, compileCache: paths.compileCache }), NO_COLOR: '1' };
  const result = await runCaptured(node, [join(root, 'build', 'bundle.mjs')], { cwd: root, env });
  if (result.code === 0) return;
  throw new SetUpError('SETUP_BUILD', 'The build failed.', 'Fix the errors above, then try again.', {
    details: result.tail,
  });
}

/**
 * Runs the actual program in the place of this one.
 * @param {Ready} ready
 * @param {readonly string[]} args script and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function runProgram(ready, args) {
  // Node 22 warns that node:sqlite is experimental, which the person who starts Pilotlight cannot change.
  const ending = await runForeground(ready.node, ['--disable-warning=ExperimentalWarning', ...args], {
    env: ready.env,
  });
  return endLike(ending);
}
