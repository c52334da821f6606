// @ts-check
import { resolve } from 'node:path';
import { SetUpError } from '../errors.mjs';

/** What can be built, and on which systems. @type {Readonly<Record<string, readonly NodeJS.Platform[]>>} */
export const packageTargets = {
  dir: ['linux', 'win32', 'darwin'],
  zip: ['linux', 'win32', 'darwin'],
  deb: ['linux'],
  rpm: ['linux'],
  appimage: ['linux'],
  nsis: ['win32'],
  portable: ['win32'],
  dmg: ['darwin'],
  agent: ['linux', 'win32', 'darwin'],
};

/** What `--all` builds on each system. @type {Readonly<Record<string, readonly string[]>>} */
const releaseTargets = {
  linux: ['appimage', 'deb', 'rpm', 'zip', 'agent'],
  win32: ['nsis', 'portable', 'agent'],
  darwin: ['dmg', 'zip', 'agent'],
};

export const packageUsage = `Usage: npm run package -- TARGET… [options]
  --dir              the program in a folder
  --zip              the program in a zip file
  --deb, --rpm       packages for Linux
  --appimage         one file for Linux; fetches a tool from GitHub
  --nsis, --portable an installer and one file for Windows; fetch tools from GitHub
  --dmg              a disk image for macOS
  --agent            one file with the agent, the worker and the command line
  --all              everything that is released for this system
  --electron DIR     take Electron from this folder; default: the one that is installed
  --require-electron fail if there is no Electron, instead of using a stand-in that can't open a window
  --help             show this help
Everything is built for this computer's system and processor, into release/, which is emptied first.`;

/**
 * @typedef {{ targets: string[], electron: string | undefined, requireElectron: boolean, help: boolean }} PackageOptions
 */

/**
 * @param {readonly string[]} args
 * @param {{ platform: NodeJS.Platform, folder: string }} where `folder`: the person's working directory
 * @returns {PackageOptions}
 * @throws {SetUpError} `SETUP_OPTION`
 */
export function parsePackageOptions(args, { platform, folder }) {
  /** @type {PackageOptions} */
  const options = { targets: [], electron: undefined, requireElectron: false, help: false };
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift() ?? '';
    const [name = '', given] = argument.split(/=(.*)/s);
    const target = name.startsWith('--') ? name.slice(2) : '';
    if (name === '--electron') {
      const value = given ?? rest.shift();
      if (value === undefined || value === '' || value.startsWith('--'))
        throw optionError('--electron needs the path of a folder.');
      options.electron = resolve(folder, value);
    } else if (given !== undefined) throw optionError(`${name} takes no value or is unknown.`);
    else if (name === '--require-electron') options.requireElectron = true;
    else if (name === '--help' || name === '-h') options.help = true;
    else if (name === '--all') options.targets.push(...(releaseTargets[platform] ?? []));
    else if (Object.hasOwn(packageTargets, target)) options.targets.push(target);
    else throw optionError(`Unknown option ${argument}.`);
  }
  if (options.help) return options;
  const elsewhere = options.targets.find((target) => !packageTargets[target]?.includes(platform));
  if (elsewhere !== undefined) throw optionError(`--${elsewhere} can't be built on this system.`);
  options.targets = [...new Set(options.targets)];
  if (options.targets.length === 0) throw optionError('Choose what to build.');
  return options;
}

/**
 * @param {string} message
 * @returns {SetUpError}
 */
function optionError(message) {
  return new SetUpError('SETUP_OPTION', message, 'Correct it and try again.', {
    details: packageUsage,
    exitCode: 2,
  });
}
