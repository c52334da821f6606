import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { folderError } from './folder-error.ts';

export interface DataFolderFacts {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

/** Where an operating system wants a program's data to lie. */
export function defaultDataFolder({ platform, env, home }: DataFolderFacts): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Pilotlight');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Pilotlight');
  // The specification says that a relative path is to be ignored.
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(home, '.local', 'share');
  return join(data, 'pilotlight');
}

/**
 * Makes the folder where it is missing, for this user only, and gives its absolute path. Throws
 * DATA_FOLDER_UNUSABLE when it is no folder or cannot be written, DISK_FULL.
 */
export function openDataFolder(path: string | undefined): string {
  const folder = resolve(
    path ?? defaultDataFolder({ platform: process.platform, env: process.env, home: homedir() }),
  );
  try {
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // The mask of the process may have taken more than we asked for.
      chmodSync(folder, 0o700);
    }
    if (!statSync(folder).isDirectory()) throw new Error('It is a file.');
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw folderError(folder, error);
  }
  return folder;
}
