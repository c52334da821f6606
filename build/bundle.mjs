// @ts-check
// Builds everything into `dist`: the Node programs with rolldown, the panel with Vite. It is started by the set-up
// and by `npm run build`, under a Node that is new enough and with the dependencies there.
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build as buildWithVite } from 'vite';
import { bundleNode } from './lib/bundle-node.mjs';
import { nodeEntries } from './lib/entries.mjs';
import { runMain, SetUpError } from './lib/errors.mjs';
import { fingerprint, writeStamp } from './lib/inputs.mjs';
import { repositoryRoot, setUpPaths } from './lib/paths.mjs';

/**
 * @param {string} root
 * @param {string} folder
 */
async function bundleRenderer(root, folder) {
  await buildWithVite({
    root: join(root, 'renderer'),
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(folder, 'renderer'), emptyOutDir: true },
  });
}

/**
 * Puts the finished build in place by two renames: a running program never sees half of it.
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
      `The finished build could not be put into ${basename(dist)}, because a program holds files there.`,
      'Stop Pilotlight, then run this again.',
      { cause: error },
    );
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

await runMain(async () => {
  const allowMissing = process.argv.includes('--allow-missing');
  const root = repositoryRoot;
  const { dist, buildStamp } = setUpPaths(root);
  const missing = nodeEntries.filter((entry) => !existsSync(join(root, entry.source)));
  const panelMissing = !existsSync(join(root, 'renderer', 'index.html'));
  const absent = [...missing.map((entry) => entry.source), ...(panelMissing ? ['renderer/index.html'] : [])];
  if (absent.length > 0) {
    const message = `These sources are missing: ${absent.join(', ')}.`;
    if (!allowMissing) {
      throw new SetUpError('SETUP_BUILD_ENTRY', message, 'Get them back from git, then run this again.');
    }
    process.stderr.write(`${message} They are left out.\n`);
  }

  // Before the build: what changes while it runs makes the next start build again.
  const stamp = fingerprint(root);
  const folder = join(dirname(dist), `.dist-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    cpSync(join(root, 'build', 'icons', 'tray'), join(folder, 'icons'), { recursive: true });
    const present = nodeEntries.filter((entry) => !missing.includes(entry));
    await Promise.all([
      bundleNode(
        root,
        folder,
        present.filter((entry) => entry.format === 'esm' && !entry.alone),
      ),
      ...present.filter((entry) => entry.alone).map((entry) => bundleNode(root, folder, [entry])),
      bundleNode(
        root,
        folder,
        present.filter((entry) => entry.format === 'cjs'),
      ),
      panelMissing ? undefined : bundleRenderer(root, folder),
    ]);
    if (absent.length === 0) writeStamp(join(folder, basename(buildStamp)), stamp);
    putInPlace(folder, dist);
  } catch (error) {
    // The bundlers' errors name the file and the line; their stack is ours to read only where it is a defect.
    if (error instanceof SetUpError || !(error instanceof Error) || !('errors' in error)) throw error;
    process.stderr.write(`${stripVTControlCharacters(error.message)}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});
