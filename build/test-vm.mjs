// @ts-check
// `npm run test:vm`: the agent on real machines. See docs/contributing.md.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './lib/bootstrap.mjs';
import { runMain, SetUpError } from './lib/errors.mjs';
import { repositoryRoot } from './lib/paths.mjs';
import { endLike, runForeground } from './lib/process.mjs';
import { chooseAccelerator } from './lib/vm-accelerator.mjs';
import { makeVmImage, releases, requireVmTools } from './lib/vm-image.mjs';
import { vmSummary } from './lib/vm-summary.mjs';

/** @typedef {import('./lib/vm-image.mjs').Release} Release */

const usage = `Usage: npm run test:vm -- [bookworm] [trixie] [-t PATTERN]
  Default: both releases, one guest at a time, 6 to 7 minutes each. Needs root and QEMU.
  -t PATTERN  only the cases whose name matches; installing and pairing always run`;

const thisScript = join(repositoryRoot, 'build', 'test-vm.mjs');

/** Set inside the namespaces: what the outer run prepared. */
const preparedName = 'PILOTLIGHT_VM_PREPARED';

/**
 * @param {readonly string[]} args
 * @returns {{ chosen: Release[], pattern: string | null }}
 */
function readArguments(args) {
  /** @type {Release[]} */
  const chosen = [];
  let pattern = null;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word in releases) chosen.push(/** @type {Release} */ (word));
    else if (word === '-t' && args[at + 1] !== undefined) {
      at += 1;
      pattern = args[at] ?? null;
    } else {
      throw new SetUpError('SETUP_OPTION', `Unknown argument "${word}".`, 'Correct it and try again.', {
        details: usage,
        exitCode: 2,
      });
    }
  }
  const all = /** @type {Release[]} */ (Object.keys(releases));
  return { chosen: chosen.length > 0 ? chosen : all, pattern };
}

/**
 * Prepares what needs the network, then starts this script again without it: in a network namespace with loopback only,
 * and a process namespace that ends every guest with it.
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
async function outside(args) {
  const { chosen, pattern } = readArguments(args);
  requireVmTools();
  const { root, node, env, paths } = await prepare();
  const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
  /** @type {Record<string, import('./lib/vm-image.mjs').VmImage>} */
  const images = {};
  for (const release of chosen)
    images[release] = await makeVmImage({ release, node, cache: paths.cache, say });
  const [first] = Object.values(images);
  const accelerator = first === undefined ? 'tcg' : await chooseAccelerator(first.kernel);
  say(accelerator === 'kvm' ? 'Using KVM.' : 'KVM is not available: the guests are emulated.');
  const work = mkdtempSync(join(tmpdir(), 'pilotlight-vm-'));
  const prepared = JSON.stringify({
    images,
    accelerator,
    pattern,
    work,
    agent: join(root, 'dist', 'agent', 'agent.mjs'),
  });
  let ending;
  try {
    ending = await runIsolated([node, '--disable-warning=ExperimentalWarning', thisScript], {
      ...env,
      [preparedName]: prepared,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return endLike(ending);
}

/**
 * Runs a program in its own namespaces. Signals end all of it at once, because `unshare` ignores most of them.
 * @param {readonly string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
function runIsolated(command, env) {
  return new Promise((resolve, reject) => {
    const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
    const child = spawn('unshare', [...namespaces, ...command], { env, stdio: 'inherit' });
    /** @type {NodeJS.Signals | null} */
    let ended = null;
    for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.once(name, () => {
        ended = name;
        child.kill('SIGKILL');
      });
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal: ended ?? signal }));
  });
}

/**
 * @param {{ images: Record<string, unknown>, pattern: string | null, work: string }} prepared
 * @returns {Promise<number>}
 */
async function inside({ images, pattern, work }) {
  const up = spawnSync('ip', ['link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  if (up.status !== 0) {
    throw new SetUpError('SETUP_SYSTEM', 'The network namespace has no loopback.', 'Run it as root.', {
      details: up.stderr,
    });
  }
  const { resolve } = createRequire(join(repositoryRoot, 'package.json'));
  const vitest = join(resolve('vitest/package.json'), '..', 'vitest.mjs');
  const report = join(work, 'report.json');
  const { code } = await runForeground(
    process.execPath,
    [
      ...[vitest, 'run', '--config', join('test', 'vm', 'vitest.config.ts')],
      ...['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`],
      ...(pattern === null ? [] : ['-t', `${pattern}|\\binstalls|pairs by`]),
      ...Object.keys(images),
    ],
    { cwd: repositoryRoot },
  );
  const summary = vmSummary(readReport(report));
  process.stdout.write(`\n${summary.lines.join('\n')}\n`);
  return code === 0 && summary.failed > 0 ? 1 : (code ?? 1);
}

/**
 * @param {string} file
 * @returns {any}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

await runMain(async () => {
  const prepared = process.env[preparedName];
  if (prepared !== undefined) return inside(JSON.parse(prepared));
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  return outside(args);
});
