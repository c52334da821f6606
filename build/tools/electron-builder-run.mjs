// @ts-check
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import configuration from '../electron-builder.mjs';
import { SetUpError } from '../lib/errors.mjs';
import { searchPath } from '../lib/tools.mjs';

const requireHere = createRequire(import.meta.url);

/**
 * Packages a staged folder.
 * @type {import('../lib/package/build.mjs').Pack}
 */
export async function packWithElectronBuilder({
  root,
  stage,
  output,
  work,
  targets,
  distribution,
  extra,
  system,
}) {
  const env = toolEnvironment(work, targets, system.platform);
  Object.assign(process.env, env);
  // It says nothing at once, and where its tools are it takes from the environment.
  const { build, Platform, Arch } = requireHere('electron-builder');
  const platform = { linux: Platform.LINUX, win32: Platform.WINDOWS, darwin: Platform.MAC }[system.platform];
  const names = targets.map((target) => (target === 'appimage' ? 'AppImage' : target));
  const icons = { icon: join(root, configuration.icon) };
  await build({
    projectDir: stage,
    targets: platform.createTarget(names, Arch[system.arch]),
    publish: 'never',
    config: {
      ...configuration,
      ...icons,
      // Packages that tests build are only read, never downloaded.
      ...(process.env.PILOTLIGHT_PACKAGE_QUICK === '1' ? { compression: 'store' } : {}),
      linux: { ...configuration.linux, icon: join(root, configuration.linux.icon) },
      directories: { output, buildResources: join(root, 'build', 'icons') },
      electronDist: distribution.folder,
      electronVersion: distribution.version,
      // Electron's own start page, which would only be dead weight.
      afterExtract: (/** @type {{ appOutDir: string }} */ { appOutDir }) =>
        rmSync(join(appOutDir, 'resources', 'default_app.asar'), { force: true }),
      extraFiles: extra.map(({ from, to }) => ({ from, to })),
    },
  });
}

/**
 * Where electron-builder finds the tools that it would download otherwise.
 * @param {string} work
 * @param {readonly string[]} targets
 * @param {string} platform
 * @returns {NodeJS.ProcessEnv}
 */
function toolEnvironment(work, targets, platform) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { CSC_IDENTITY_AUTO_DISCOVERY: process.env.CSC_IDENTITY_AUTO_DISCOVERY ?? 'false' };
  if (platform !== 'linux') return env;
  const path = process.env.PATH ?? '';
  const [zip] = searchPath(['7za', '7zz', '7z'], path);
  if (targets.includes('zip')) {
    if (zip === undefined) throw missingTool('A zip file', '7-Zip', 'p7zip-full');
    env.ELECTRON_BUILDER_7ZIP_PATH = process.env.ELECTRON_BUILDER_7ZIP_PATH ?? zip;
  }
  for (const [target, program, from] of [
    ['deb', 'dpkg-deb', 'dpkg'],
    ['rpm', 'rpmbuild', 'rpm'],
  ]) {
    if (!targets.includes(target ?? '')) continue;
    if (searchPath([program ?? ''], path).length === 0)
      throw missingTool(`A ${target} package`, program ?? '', from ?? '');
  }
  mkdirSync(work, { recursive: true });
  const shim = join(work, 'fpm');
  writeFileSync(
    shim,
    `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'fpm.mjs')}" "$@"\n`,
  );
  chmodSync(shim, 0o755);
  return { ...env, CUSTOM_FPM_PATH: shim, PILOTLIGHT_FPM_WORK: work };
}

/**
 * @param {string} what
 * @param {string} program
 * @param {string} from
 */
function missingTool(what, program, from) {
  return new SetUpError(
    'PACKAGE_TOOL',
    `${what} needs ${program}, which is not installed.`,
    `Install it, on Debian with apt-get install ${from}.`,
  );
}
