/** What the core needs for updates: how this program was installed, where releases are, and the files of both. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { migrations } from '../adapters/state/migrations.ts';
import { createReleaseSource } from '../adapters/updates/release-source.ts';
import { createUpdateDownloads } from '../adapters/updates/update-downloads.ts';
import { createUpdateRecords } from '../adapters/updates/update-records.ts';
import type { Http } from '../core/ports/network.ts';
import type { Clock } from '../core/ports/time.ts';
import type { ProgramInstaller, Updates } from '../core/ports/updates.ts';
import { type InstallationFacts, installationForm } from '../core/updates/installation.ts';
import { changesFile, updateAddress, updateKeys } from './program.ts';

/** In the data folder: what was downloaded, and what is kept of the version before. */
export const updatesFolder = (dataFolder: string): string => join(dataFolder, 'updates');

export interface UpdateHost {
  form?: Updates['form'] | undefined;
  /** Default: none, so that updates are only shown. */
  installer?: ProgramInstaller | undefined;
  /** Default: those of the build. */
  address?: string | null | undefined;
  keys?: readonly string[] | undefined;
  changes?: (() => Promise<string>) | undefined;
}

export function createUpdates(options: {
  dataFolder: string;
  http: Http;
  clock: Clock;
  host: UpdateHost | undefined;
}): Updates {
  const { dataFolder, http, clock, host = {} } = options;
  const { keys = updateKeys, address = updateAddress } = host;
  return {
    form: host.form ?? installationForm(readInstallation()),
    address,
    hasKeys: keys.length > 0,
    system: { os: process.platform, arch: process.arch },
    state: migrations.length,
    source: createReleaseSource({ http, clock, keys }),
    downloads: createUpdateDownloads({ http, folder: join(updatesFolder(dataFolder), 'downloads') }),
    records: createUpdateRecords(dataFolder),
    installer: host.installer ?? null,
    changes: host.changes ?? (() => readFile(changesFile, 'utf8').catch(() => '')),
  };
}

/** Facts of this process. `isPackaged` is Electron's own, where it runs. */
export function readInstallation(isPackaged = false): InstallationFacts {
  const { platform, env, execPath } = process;
  const folder = dirname(execPath);
  return {
    ...{ platform, isPackaged, program: execPath },
    isSingleFile: isSingleFile(),
    isContainer:
      existsSync('/.dockerenv') || existsSync('/run/.containerenv') || (env.container ?? '') !== '',
    appImage: env.APPIMAGE || null,
    portable: env.PORTABLE_EXECUTABLE_FILE || null,
    packageType: packageTypeIn(folder),
    hasUninstaller: platform === 'win32' && existsSync(join(folder, 'Uninstall Pilotlight.exe')),
  };
}

/** Whether Node's own program has this one in it. Electron has no such module. */
export function isSingleFile(): boolean {
  return process.getBuiltinModule('node:sea')?.isSea() === true;
}

/** electron-builder names the kind of a Linux package beside the program. */
function packageTypeIn(folder: string): string | null {
  try {
    return readFileSync(join(folder, 'resources', 'package-type'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}
