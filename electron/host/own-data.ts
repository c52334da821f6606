/** The files of the data folder are trusted only if no other user could have changed them, nor read its secrets. */
import { draftsOf, sweepLeftovers } from '../adapters/leftovers.ts';
import { inspectFolder } from '../adapters/ownership/inspect.ts';
import { trustHere } from '../adapters/ownership/trust.ts';
import { refuseUnsafe } from '../adapters/ownership/unsafe-error.ts';
import type { Part } from '../adapters/ownership/verdict.ts';
import { salvageCopiesOf } from '../adapters/state/salvage.ts';

/** Replaced as a whole at each write. */
const replaced = {
  'endpoint.json': 'secret',
  'gateway.json': 'secret',
  'secrets.json': 'secret',
  'secrets.key': 'secret',
  'session.key': 'secret',
  port: 'file',
  'updates.json': 'file',
} as const satisfies Readonly<Record<string, Part>>;

const files: Readonly<Record<string, Part>> = {
  ...replaced,
  'core.lock': 'file',
  'state.sqlite': 'file',
  'state.sqlite-wal': 'file',
  'state.sqlite-shm': 'file',
  'tasks.sqlite': 'file',
  'tasks.sqlite-wal': 'file',
  'tasks.sqlite-shm': 'file',
};

/** What a client reads to find the core that runs with this folder. Rejects with UNSAFE_PERMISSIONS. */
export async function requireOwnEndpoint(folder: string): Promise<void> {
  refuseUnsafe(await inspectFolder(folder, { 'endpoint.json': replaced['endpoint.json'] }, trustHere()));
}

/** The folder and every file in it that a core trusts. Rejects with UNSAFE_PERMISSIONS. */
export async function requireOwnData(folder: string): Promise<void> {
  refuseUnsafe(await inspectFolder(folder, files, trustHere()));
}

/** Deletes what killed processes left in the folder, and returns the names. Only for the process that has its lock. */
export function sweepDataFolder(folder: string): string[] {
  const drafts = draftsOf(Object.keys(replaced));
  const copies = salvageCopiesOf('state.sqlite');
  return sweepLeftovers(folder, (name) => drafts(name) ?? copies(name));
}
