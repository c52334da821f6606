// @ts-check
// Builds packages into release/. build/package.mjs starts it when everything is installed and built.
import { runMain } from '../lib/errors.mjs';
import { buildPackages } from '../lib/package/build.mjs';
import { parsePackageOptions } from '../lib/package/options.mjs';
import { repositoryRoot } from '../lib/paths.mjs';
import { packWithElectronBuilder } from './electron-builder-run.mjs';

await runMain(async () => {
  const options = parsePackageOptions(process.argv.slice(2), {
    platform: process.platform,
    folder: process.env.INIT_CWD ?? process.cwd(),
  });
  const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
  await buildPackages({ root: repositoryRoot, options, pack: packWithElectronBuilder, say });
  return 0;
});
