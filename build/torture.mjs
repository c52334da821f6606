// @ts-check
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, runProgram } from './lib/bootstrap.mjs';
import { runMain, SetUpError } from './lib/errors.mjs';

/** Set inside the namespaces, where this program starts itself a second time. */
const insideVariable = 'PILOTLIGHT_TORTURE_INSIDE';

await runMain(async () => {
  const args = process.argv.slice(2);
  if (process.env[insideVariable] !== undefined) {
    const up = spawnSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'inherit' });
    if (up.status !== 0) throw isolationError('setting up loopback requires iproute2.');
    const ready = await prepare();
    return runProgram(ready, [join(ready.root, 'test', 'torture', 'torture.ts'), ...args]);
  }
  // Anything missing is downloaded here, because the namespaces have no network but loopback.
  await prepare();
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const inside = spawnSync(
    'unshare',
    // Its own process namespace too: everything started in it ends with it, however it ends.
    [
      ...asRoot,
      ...['--net', '--mount', '--mount-proc', '--pid', '--fork', '--kill-child'],
      ...[process.execPath, process.argv[1] ?? '', ...args],
    ],
    { stdio: 'inherit', env: { ...process.env, [insideVariable]: '1', PILOTLIGHT_RUNTIME_DIR: 'none' } },
  );
  if (inside.error) throw isolationError(inside.error.message);
  return inside.status ?? 1;
});

/**
 * Fuzzed calls contain addresses, and a full disk needs its own file system: neither is tried on the real machine.
 * @param {string} reason
 */
function isolationError(reason) {
  return new SetUpError(
    'SETUP_ISOLATION',
    `The torture run needs its own network and mount namespaces: ${reason}`,
    'Run it on Linux with util-linux and iproute2, as root or with user namespaces enabled.',
  );
}
