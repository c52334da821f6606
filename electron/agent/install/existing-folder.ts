/** A folder that exists before an installation keeps its owner and mode, so it must fit the user of the agent. */
import { execFileSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import type { HostPlatform } from '../../adapters/agent-host/types.ts';
import { trustOf } from '../../adapters/ownership/trust.ts';
import { AgentError } from '../errors.ts';
import { requireOwnFolder } from '../own-files.ts';

export interface ExistingFolder {
  platform: HostPlatform;
  folder: string;
  /** The folder of an installed agent unless another one is named. */
  usual: string;
  /** Who the agent will run as. */
  user: string;
  /** null if there is no such user. */
  uidOf?: (user: string) => number | null;
}

/** Throws INSTALL_FAILED, UNSAFE_PERMISSIONS. */
export async function requireFittingFolder({
  platform,
  folder,
  usual,
  user,
  uidOf = askSystem,
}: ExistingFolder): Promise<void> {
  const found = platform === 'win32' ? undefined : lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return;
  const uid = uidOf(user);
  if (platform === 'darwin') {
    if (uid !== null) await requireOwnFolder(folder, trustOf(uid));
    return;
  }
  // systemd gives its folder to the agent's user, with everything in it.
  if (folder === usual || found.uid === uid) return;
  throw new AgentError('INSTALL_FAILED', {
    message: `The folder ${folder} exists and does not belong to the agent’s user, ${user}.`,
    next: 'Choose a folder below /var/lib that does not exist, or omit --data.',
  });
}

function askSystem(user: string): number | null {
  try {
    const text = execFileSync('id', ['-u', user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /^\d+$/.test(text.trim()) ? Number(text) : null;
  } catch {
    return null;
  }
}
