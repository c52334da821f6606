// @ts-check
// Builds everything into `dist`: the Node programs with rolldown, the panel with Vite. The set-up and
// `npm run build` start it, under a new enough Node and with the dependencies installed.
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build as buildWithVite } from 'vite';
import { bundleNode } from './lib/bundle-node.mjs';
import { nodeEntries } from './lib/entries.mjs';
import { runMain, SetUpError } from './lib/errors.mjs';
import { fingerprint, writeStamp } from './lib/inputs.mjs';
import { sweepWorkFolders } from './lib/leftovers.mjs';
import { bundledPackagesFile, collectPackages, packagesInStyles } from './lib/package/bundled.mjs';
import { repositoryRoot, setUpPaths } from './lib/paths.mjs';

/**
 * @param {string} root
 * @param {string} folder
 * @param {Set<string>} packages receives the folders of the packages that were bundled
 */
async function bundleRenderer(root, folder, packages) {
  await buildWithVite({
    root: join(root, 'renderer'),
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    plugins: [collectPackages(packages)],
    build: { outDir: join(folder, 'renderer'), emptyOutDir: true },
  });
}

/**
 * Puts the finished build in place with two renames, so that a running program never sees a partial build.
 * @param {string} folder
 * @param {string} dist
 */
function putInPlace(folder, dist) {
  const old = `${folder}-old`;
  try {
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(folder, dist);
  } catch (error) {
    if (!existsSync(dist) && existsSync(old)) renameSync(old, dist);
    throw new SetUpError(
      'SETUP_BUILD_IN_USE',
      `The finished build could not replace ${basename(dist)}, because a program has files open there.`,
      'Stop Pilotlight, then run this again.',
      { cause: error },
    );
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

await runMain(async () => {
  // Whoever starts this, tests among them: otherwise React's slow and large version for development would be bundled.
  process.env.NODE_ENV = 'production';
  const allowMissing = process.argv.includes('--allow-missing');
  const root = repositoryRoot;
  const { dist, buildStamp } = setUpPaths(root);
  const missing = nodeEntries.filter((entry) => !existsSync(join(root, entry.source)));
  const panelMissing = !existsSync(join(root, 'renderer', 'index.html'));
  const absent = [...missing.map((entry) => entry.source), ...(panelMissing ? ['renderer/index.html'] : [])];
  if (absent.length > 0) {
    const message = `Missing sources: ${absent.join(', ')}.`;
    if (!allowMissing) {
      throw new SetUpError('SETUP_BUILD_ENTRY', message, 'Restore them from git, then try again.');
    }
    process.stderr.write(`${message} Skipping them.\n`);
  }

  // Taken before the build: a change during it makes the next start build again.
  const stamp = fingerprint(root);
  // Without a finished build, the old one is the only one.
  sweepWorkFolders(dirname(dist), existsSync(dist) ? /^\.dist-(\d{1,10})(?:-old)?$/ : /^\.dist-(\d{1,10})$/);
  const folder = join(dirname(dist), `.dist-${process.pid}`);
  const packages = new Set(packagesInStyles);
  mkdirSync(folder, { recursive: true });
  try {
    cpSync(join(root, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'));
    cpSync(join(root, 'build', 'icons', 'tray'), join(folder, 'icons'), { recursive: true });
    const present = nodeEntries.filter((entry) => !missing.includes(entry));
    await Promise.all([
      bundleNode(
        root,
        folder,
        present.filter((entry) => entry.format === 'esm' && !entry.alone),
        packages,
      ),
      ...present.filter((entry) => entry.alone).map((entry) => bundleNode(root, folder, [entry], packages)),
      bundleNode(
        root,
        folder,
        present.filter((entry) => entry.format === 'cjs'),
        packages,
      ),
      panelMissing ? undefined : bundleRenderer(root, folder, packages),
    ]);
    // For the notices in a package.
    writeFileSync(join(folder, bundledPackagesFile), JSON.stringify([...packages].sort()));
    if (absent.length === 0) writeStamp(join(folder, basename(buildStamp)), stamp);
    putInPlace(folder, dist);
  } catch (error) {
    // The bundlers' errors name the file and line; their stack is only useful for a defect of our own.
    if (error instanceof SetUpError || !(error instanceof Error) || !('errors' in error)) throw error;
    process.stderr.write(`${stripVTControlCharacters(error.message)}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});
