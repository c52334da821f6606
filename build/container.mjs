// @ts-check
// Lays out the program as a container has it, in a folder: the build with its few native packages, the licences and the
// health check. The Dockerfile runs it; a test runs the same in a plain folder.
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { prepare } from './lib/bootstrap.mjs';
import { runMain, SetUpError } from './lib/errors.mjs';
import { readComponents } from './lib/package/components.mjs';
import { packageIdentity } from './lib/package/identity.mjs';
import { noticesText } from './lib/package/notices.mjs';
import { installTools } from './lib/tool-packages.mjs';

await runMain(async () => {
  const [target] = process.argv.slice(2);
  if (target === undefined) {
    throw new SetUpError('SETUP_OPTION', 'The folder is missing.', 'Usage: node build/container.mjs FOLDER', {
      exitCode: 2,
    });
  }
  const { root } = await prepare();
  await installTools(root);
  // It needs the packages of the build, which prepare installs.
  const { stageProgram } = await import('./lib/package/stage.mjs');
  const folder = resolve(target);
  const system = { platform: process.platform, arch: process.arch };
  stageProgram({ root, folder, system, identity: packageIdentity(process.env) });
  const licences = createRequire(join(root, 'build', 'tools', 'package.json'))('spdx-license-list/full');
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), noticesText(readComponents(root), licences));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  cpSync(join(root, 'build', 'health.mjs'), join(folder, 'health.mjs'));
  return 0;
});
