/** Where the programs of one user find the runner of this machine, whatever their data folders are. */
import { lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Names the folder, or is `none`: then each data folder has a runner of its own. */
export const SHARED_FOLDER_VARIABLE = 'PILOTLIGHT_RUNTIME_DIR';
const NONE = 'none';

export interface SharedFolderFacts {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  tmp: string;
  /** undefined on Windows. */
  uid: number | undefined;
}

interface Place {
  folder: string;
  /** Must be there already, and this user's alone. */
  within: string | null;
}

/** In the order of preference; empty if there is to be none. */
export function sharedFolders({ platform, env, home, tmp, uid }: SharedFolderFacts): Place[] {
  const named = env[SHARED_FOLDER_VARIABLE];
  if (named === NONE) return [];
  if (named !== undefined && isAbsolute(named)) return [{ folder: named, within: null }];
  if (platform === 'win32') {
    const data = env.LOCALAPPDATA ?? join(home, 'AppData', 'Local');
    return [{ folder: join(data, 'Pilotlight', 'run'), within: null }];
  }
  if (platform === 'darwin') {
    return [{ folder: join(home, 'Library', 'Caches', 'Pilotlight', 'run'), within: null }];
  }
  // A service or a cron job may lack the variable that a session has; the folder is there all the same.
  const runtime = [env.XDG_RUNTIME_DIR, `/run/user/${uid}`].filter((path) =>
    path?.startsWith('/'),
  ) as string[];
  return [
    ...[...new Set(runtime)].map((within) => ({ folder: join(within, 'pilotlight'), within })),
    { folder: join(tmp, `pilotlight-${uid}`), within: null },
  ];
}

/** The first one that is this user's alone; created if necessary. null if there is none. */
export function openSharedFolder(
  facts: SharedFolderFacts = {
    platform: process.platform,
    env: process.env,
    home: homedir(),
    tmp: tmpdir(),
    uid: process.getuid?.(),
  },
): string | null {
  for (const { folder, within } of sharedFolders(facts)) {
    try {
      if (within !== null && !isOwn(within, facts)) continue;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (isOwn(folder, facts)) return folder;
    } catch {
      // It cannot be created here.
    }
  }
  return null;
}

/** In a folder that everybody may write to, another user may have put it there first, or a link in its place. */
function isOwn(path: string, { uid }: SharedFolderFacts): boolean {
  const found = lstatSync(path);
  if (!found.isDirectory()) return false;
  return uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0);
}
