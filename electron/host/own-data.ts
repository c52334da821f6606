/** The files of the data folder are trusted only if no other user could have changed them, nor read its secrets. */
import { stat } from 'node:fs/promises';
import type { UnsafePath } from '../../shared/text/messages/ownership.ts';
import { draftsOf, sweepLeftovers } from '../adapters/leftovers.ts';
import { inspectFolder } from '../adapters/ownership/inspect.ts';
import { trustHere } from '../adapters/ownership/trust.ts';
import { unsafeError } from '../adapters/ownership/unsafe-error.ts';
import type { Part } from '../adapters/ownership/verdict.ts';
import { salvageCopiesOf } from '../adapters/state/salvage.ts';

/** Replaced as a whole at each write. */
const replaced = {
  'endpoint.json': 'secret',
  'secrets.json': 'secret',
  'secrets.key': 'secret',
  'session.key': 'secret',
  port: 'file',
} as const satisfies Readonly<Record<string, Part>>;

const files: Readonly<Record<string, Part>> = {
  ...replaced,
  'core.lock': 'file',
  'state.sqlite': 'file',
  'state.sqlite-wal': 'file',
  'state.sqlite-shm': 'file',
};

const folders: Readonly<Record<string, Part>> = { index: 'folder', window: 'folder' };

/** The folder itself, and all above it. Rejects with UNSAFE_PERMISSIONS. The folder need not exist. */
export async function requireOwnFolder(folder: string): Promise<void> {
  refuse(await inspectFolder(folder, {}, trustHere()));
}

/** What a client reads to find the core that runs with this folder. Rejects with UNSAFE_PERMISSIONS. */
export async function requireOwnEndpoint(folder: string): Promise<void> {
  refuse(await inspectFolder(folder, { 'endpoint.json': replaced['endpoint.json'] }, trustHere()));
}

/** The folder and everything in it that a core trusts. Rejects with UNSAFE_PERMISSIONS. */
export async function requireOwnData(folder: string): Promise<void> {
  const parts = (await isClosed(folder)) ? files : { ...files, ...folders };
  refuse(await inspectFolder(folder, parts, trustHere()));
}

/** Older versions gave the folders in it the mode of the umask, which matters only where others get that far. */
async function isClosed(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => null);
  return found !== null && (found.mode & 0o077) === 0;
}

/** Deletes what killed processes left in the folder, and returns the names. Only for the process that has its lock. */
export function sweepDataFolder(folder: string): string[] {
  const drafts = draftsOf(Object.keys(replaced));
  const copies = salvageCopiesOf('state.sqlite');
  return sweepLeftovers(folder, (name) => drafts(name) ?? copies(name));
}

function refuse(paths: readonly UnsafePath[]): void {
  if (paths.length > 0) throw unsafeError(paths);
}
