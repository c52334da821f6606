import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';

export interface DownloadsFacts {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The person's folder for downloads on Linux, as xdg-user-dirs names it; null if there is none. Browsers in a sandbox
 * (Snap, Flatpak) may read it, but no hidden folder.
 */
export function downloadsFolder({ home, env }: DownloadsFacts): string | null {
  const named = env.XDG_DOWNLOAD_DIR ?? userDirectory(home, env) ?? join(home, 'Downloads');
  const inside = relative(home, named);
  // Without one of its own, the file names the home folder itself.
  const isUsable =
    isAbsolute(named) && inside !== '' && !inside.split(/[\\/]/).some((part) => part.startsWith('.'));
  return isUsable && isFolder(named) ? named : null;
}

/** `XDG_DOWNLOAD_DIR="$HOME/Downloads"` of `user-dirs.dirs`. */
function userDirectory(home: string, env: DownloadsFacts['env']): string | null {
  const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(home, '.config');
  try {
    const text = readFileSync(join(config, 'user-dirs.dirs'), 'utf8');
    const value = /^\s*XDG_DOWNLOAD_DIR="((?:[^"\\]|\\.)*)"/m.exec(text)?.[1];
    return value?.replace(/^\$HOME(?=\/|$)/, home).replaceAll(/\\(.)/g, '$1') ?? null;
  } catch {
    return null;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
