import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { folderError } from '../adapters/folder-error.ts';
import { inspectFolder } from '../adapters/ownership/inspect.ts';
import { trustHere } from '../adapters/ownership/trust.ts';
import { refuseUnsafe } from '../adapters/ownership/unsafe-error.ts';

export interface DataFolderFacts {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

/** Where the operating system wants a program's data. */
export function defaultDataFolder({ platform, env, home }: DataFolderFacts): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Pilotlight');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Pilotlight');
  // The specification says to ignore a relative path.
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(home, '.local', 'share');
  return join(data, 'pilotlight');
}

/**
 * Creates the folder if necessary, for this user only, and returns its absolute path. Nothing blocks, because this runs
 * before the window opens. Rejects with DATA_FOLDER_UNUSABLE if it is not a folder or cannot be written, with
 * UNSAFE_PERMISSIONS if another user could change or replace it, and with DISK_FULL.
 */
export async function openDataFolder(path: string | undefined): Promise<string> {
  const folder = resolve(
    path ?? defaultDataFolder({ platform: process.platform, env: process.env, home: homedir() }),
  );
  // Also before it is created: nothing is written where others can exchange folders.
  await refuseUnsafeFolder(folder);
  try {
    // The process's umask may have removed more than we asked for.
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await chmod(folder, 0o700);
    if (!(await stat(folder)).isDirectory()) throw new Error('It is a file.');
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw folderError(folder, error);
  }
  await refuseUnsafeFolder(folder);
  return folder;
}

const folders = { index: 'folder', window: 'folder', 'window/compile-cache': 'folder' } as const;

/** The files in it are checked by whoever reads them. */
async function refuseUnsafeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  // Older versions gave the folders in it the mode of the umask, which matters only where others get that far.
  const isClosed = found !== null && (found.mode & 0o077) === 0;
  refuseUnsafe(await inspectFolder(folder, isClosed ? {} : folders, trustHere()));
}
