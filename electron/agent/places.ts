import { posix, win32 } from 'node:path';

interface PlaceFacts {
  platform: NodeJS.Platform;
  environment: Readonly<Record<string, string | undefined>>;
  home: string;
}

/** Where an agent started by a person stores its files. */
export function agentFolder({ platform, environment, home }: PlaceFacts): string {
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Pilotlight', 'agent');
  if (platform === 'win32') {
    return win32.join(
      environment.LOCALAPPDATA ?? win32.join(home, 'AppData', 'Local'),
      'Pilotlight',
      'agent',
    );
  }
  // The specification says to ignore a relative path.
  const data = environment.XDG_DATA_HOME?.startsWith('/')
    ? environment.XDG_DATA_HOME
    : posix.join(home, '.local', 'share');
  return posix.join(data, 'pilotlight', 'agent');
}

/** Where an installed agent stores them. */
export function systemFolder(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (platform === 'darwin') return '/usr/local/var/pilotlight-agent';
  if (platform === 'win32') {
    return win32.join(environment.ProgramData ?? 'C:\\ProgramData', 'Pilotlight', 'agent');
  }
  return '/var/lib/pilotlight-agent';
}

/** Where the files of an installed agent are: below `systemFolder`, or the folder itself. */
export function installedFolder(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const folder = systemFolder(platform, environment);
  return platform === 'win32' ? win32.join(folder, 'data') : folder;
}
