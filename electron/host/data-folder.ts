import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { PilotlightError } from '../../shared/contract/errors.ts';

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
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === 'ENOSPC') throw new PilotlightError('DISK_FULL', { cause: error });
    throw new PilotlightError('DATA_FOLDER_UNUSABLE', {
      message: `The data folder ${folder} cannot be used: ${reasonOf(code)}.`,
      details: { folder, ...(code === null ? {} : { reason: code }) },
      cause: error,
    });
  }
  return folder;
}

function reasonOf(code: string | null): string {
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  if (code === 'EROFS') return 'it is on a read-only disk';
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === null) return 'it is a file, or lies in one';
  return code;
}
