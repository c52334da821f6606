import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { folderError } from '../adapters/folder-error.ts';

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
 * Makes the folder if it is missing, for this user only, and gives its absolute path. It waits for nothing in the
 * foreground, because it comes before the window. Rejects with DATA_FOLDER_UNUSABLE if it isn't a folder or can't be
 * written, and with DISK_FULL.
 */
export async function openDataFolder(path: string | undefined): Promise<string> {
  const folder = resolve(
    path ?? defaultDataFolder({ platform: process.platform, env: process.env, home: homedir() }),
  );
  try {
    // The mask of the process may have taken more away than we asked for.
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await chmod(folder, 0o700);
    if (!(await stat(folder)).isDirectory()) throw new Error('It is a file.');
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw folderError(folder, error);
  }
  return folder;
}
