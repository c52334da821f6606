// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SetUpError, systemCode } from '../errors.mjs';
import { withLock } from '../lock.mjs';
import { setUpPaths } from '../paths.mjs';
import { buildAgent } from './agent.mjs';
import { readComponents } from './components.mjs';
import { chooseDistribution } from './electron.mjs';
import { packageIdentity } from './identity.mjs';
import { inspectProgram } from './inspect.mjs';
import { noticesText } from './notices.mjs';
import { billOfMaterials, checksums } from './sbom.mjs';
import { readManifest, stageProgram } from './stage.mjs';

/**
 * @typedef {object} PackRequest
 * @property {string} root the repository's folder
 * @property {string} stage the folder to package
 * @property {string} output where the packages go
 * @property {string} work for its own files
 * @property {string[]} targets
 * @property {import('./electron.mjs').Distribution} distribution
 * @property {{ from: string, to: string }[]} extra files beside the program
 * @property {{ platform: string, arch: string }} system
 *
 * @typedef {(request: PackRequest) => Promise<void>} Pack
 */

/** The folder of an unpacked program in electron-builder's output. */
const unpackedFolder = /^(linux|win|mac)(-\w+)?(-unpacked)?$/;

/**
 * Builds what was asked for. release/ is empty until everything is finished.
 * @param {{ root: string, options: import('./options.mjs').PackageOptions, pack: Pack, say: (line: string) => void,
 *   env?: NodeJS.ProcessEnv, now?: Date, system?: { platform: string, arch: string } }} request
 * @returns {Promise<string[]>} the names in release/
 */
export async function buildPackages(request) {
  const { root } = request;
  const paths = setUpPaths(root);
  const work = join(paths.cache, 'package');
  return withLock(join(paths.cache, 'package.lock'), async () => {
    rmSync(work, { recursive: true, force: true });
    emptyFolder(join(root, 'release'));
    try {
      return await buildInto({ ...request, work, nodeModules: paths.nodeModules });
    } catch (error) {
      emptyFolder(join(root, 'release'));
      throw withWords(error);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

/**
 * @param {Parameters<typeof buildPackages>[0] & { work: string, nodeModules: string }} request
 */
async function buildInto({ root, options, pack, say, work, nodeModules, ...rest }) {
  const { env = process.env, now = new Date(), system = process } = rest;
  const output = join(work, 'out');
  mkdirSync(output, { recursive: true });
  const components = readComponents(root);
  const licences = createRequire(join(root, 'build', 'tools', 'package.json'))('spdx-license-list/full');
  const notices = join(work, 'THIRD-PARTY-NOTICES.txt');
  writeFileSync(notices, noticesText(components, licences));
  const manifest = readManifest(root);
  const targets = options.targets.filter((target) => target !== 'agent');

  if (targets.length > 0) {
    const distribution = chooseDistribution({
      nodeModules,
      named: options.electron,
      required: options.requireElectron,
      work,
      ...{ platform: system.platform, arch: system.arch },
    });
    say(
      distribution.isStandIn
        ? `Electron ${distribution.version} is not here: packaging over a stand-in, which can't open a window.`
        : `Packaging with Electron ${distribution.version} from ${distribution.folder}.`,
    );
    const stage = join(work, 'stage');
    stageProgram({ root, folder: stage, system, identity: packageIdentity(env) });
    const extra = [
      { from: notices, to: 'THIRD-PARTY-NOTICES.txt' },
      { from: join(root, 'LICENSE'), to: 'LICENSE.txt' },
    ];
    await pack({ root, stage, output, work, targets, distribution, extra, system });
    const problems = readdirSync(output)
      .filter((name) => unpackedFolder.test(name))
      .flatMap((name) => inspectProgram(join(output, name), system));
    if (problems.length > 0) {
      throw new SetUpError(
        'PACKAGE_CHECK',
        'The package is not as it has to be.',
        'Correct what is named above.',
        {
          details: problems.join('\n'),
        },
      );
    }
  }
  if (options.targets.includes('agent')) await buildAgent({ root, output, work, notices, system, say });

  const release = join(root, 'release');
  const made = keep(output, options.targets);
  for (const name of made) renameSync(join(output, name), join(release, name));
  const bill = billOfMaterials({
    version: manifest.version,
    electron: manifest.devDependencies.electron,
    node: process.versions.node,
    components,
    now,
  });
  const billName = `pilotlight-${manifest.version}-${system.platform}-${system.arch}.cdx.json`;
  writeFileSync(join(release, billName), `${JSON.stringify(bill, null, 2)}\n`);
  renameSync(notices, join(release, 'THIRD-PARTY-NOTICES.txt'));
  const files = readdirSync(release, { withFileTypes: true }).filter((entry) => entry.isFile());
  const summed = files.map(({ name }) => ({ name, content: readFileSync(join(release, name)) }));
  writeFileSync(join(release, `SHA256SUMS-${system.platform}-${system.arch}.txt`), checksums(summed));
  for (const name of made) say(`release/${name}`);
  return readdirSync(release).sort();
}

/**
 * The folder of the unpacked program is a result only if it was asked for.
 * @param {string} output
 * @param {readonly string[]} targets
 */
function keep(output, targets) {
  return readdirSync(output, { withFileTypes: true })
    .filter((entry) =>
      entry.isDirectory()
        ? targets.includes('dir') && unpackedFolder.test(entry.name)
        : !/^builder-|\.blockmap$|\.ya?ml$/.test(entry.name),
    )
    .map(({ name }) => name);
}

/** @param {string} folder */
function emptyFolder(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    rmSync(join(folder, name), { recursive: true, force: true });
}

/**
 * @param {unknown} error
 * @returns {unknown}
 */
function withWords(error) {
  if (error instanceof SetUpError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (systemCode(error) === 'ENOSPC' || /ENOSPC|no space left on device/i.test(text)) {
    return new SetUpError(
      'PACKAGE_DISK_FULL',
      'The disk is full, so nothing was packaged.',
      'Free about 1 GB and try again.',
      { cause: error },
    );
  }
  return error;
}
