// @ts-check
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import {
  chooseShell,
  findElectron,
  forgetFailure,
  isFailedStart,
  readFailure,
  rememberFailure,
} from './lib/desktop.mjs';
import { runMain } from './lib/errors.mjs';
import { withLock } from './lib/lock.mjs';
import { parseStartOptions, startUsage, toProgramArguments } from './lib/options.mjs';
import { endLike, runCaptured, runForeground } from './lib/process.mjs';
import { createProgress } from './lib/progress.mjs';

/** @typedef {import('./lib/bootstrap.mjs').Ready} Ready */

const downloadLimitMs = 10 * 60 * 1_000;

/**
 * @param {string} sentence
 */
function say(sentence) {
  if (sentence !== '') process.stderr.write(`${sentence}\n`);
}

/**
 * Downloads Electron's binary with the package's own installer, which checks it against its own list of hashes.
 * @param {Ready} ready
 * @returns {Promise<string | undefined>} the binary, or undefined if the download failed
 */
function downloadElectron(ready) {
  return withLock(ready.paths.setUpLock, async () => {
    const { version, binary, installer } = findElectron(ready.paths.nodeModules);
    if (binary !== undefined) return binary;
    const step = createProgress({ total: 1 }).start(`Electron ${version}`);
    const result = await runCaptured(ready.node, [installer], { env: ready.env, timeoutMs: downloadLimitMs });
    const downloaded = findElectron(ready.paths.nodeModules).binary;
    if (result.code === 0 && downloaded !== undefined) {
      forgetFailure(ready.paths.electronFailure);
      step.done();
      return downloaded;
    }
    rememberFailure(ready.paths.electronFailure, { at: Date.now(), version });
    step.fail();
    return undefined;
  });
}

/**
 * Finds the Electron for the window, or prints one sentence on why there is none.
 * @param {Ready} ready
 * @param {boolean} headless
 * @returns {Promise<string | undefined>}
 */
async function electronFor(ready, headless) {
  if (headless) return undefined;
  const { version, binary } = findElectron(ready.paths.nodeModules);
  const shell = chooseShell({
    headless,
    platform: process.platform,
    env: process.env,
    isRoot: process.getuid?.() === 0,
    installed: binary !== undefined,
    version,
    failure: readFailure(ready.paths.electronFailure),
    now: Date.now(),
  });
  if (shell.kind === 'electron') return binary;
  if (shell.kind === 'browser') {
    say(shell.reason);
    return undefined;
  }
  const downloaded = await downloadElectron(ready);
  if (downloaded === undefined) {
    say('Electron could not be downloaded. Serving the panel to the browser; the next try is tomorrow.');
  }
  return downloaded;
}

await runMain(async () => {
  const options = parseStartOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (options.help) {
    process.stdout.write(`${startUsage}\n`);
    return 0;
  }
  const ready = await prepare();
  const args = toProgramArguments(options);
  const electron = await electronFor(ready, options.headless);
  if (electron !== undefined) {
    // Terminals inside editors set this, which would make Electron run as plain Node.
    const { ELECTRON_RUN_AS_NODE: _, ...env } = ready.env;
    const began = performance.now();
    const ending = await runForeground(electron, [ready.root, ...args], { env });
    if (!isFailedStart({ ranMs: performance.now() - began, ...ending })) return endLike(ending);
    say('Electron does not start on this system. Serving the panel to the browser.');
  }
  // Watching a fleet makes short-lived garbage. A small young generation frees it early, which at a thousand nodes
  // saves a third of the memory and some processor time. Older objects are collected before they reach several times
  // what is in use: a quarter of the memory, for a hundredth of a core. V8 accepts these options only at the start.
  return runProgram(ready, [
    '--max-semi-space-size=8',
    '--heap-growing-percent=60',
    join(ready.paths.dist, 'headless', 'headless.mjs'),
    ...args,
  ]);
});
