/**
 * Folders that belong to Pilotlight itself: the data folders of cores and agents, with their tokens and with texts from
 * other folders. They are never indexed.
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** The files by which a data folder is recognised: the first one, and at least one of the others. */
const MARKERS: readonly (readonly [string, ...string[]])[] = [
  ['state.sqlite', 'core.lock', 'session.key', 'secrets.json', 'secrets.key', 'endpoint.json'],
  ['token', 'id.json', 'leases.jsonl', 'policies.json', 'damage.json'],
];

/** The name of one file in each kind of data folder. */
export const DATA_FOLDER_FILES: readonly string[] = MARKERS.map(([first]) => first);

/** Whether a folder with these entries is the data folder of some core or agent. */
export function isDataFolder(has: (name: string) => boolean): boolean {
  return MARKERS.some(([first, ...others]) => has(first) && others.some(has));
}

export interface OwnFolders {
  /** Whether this folder is one of ours, by whatever path; `names` are its entries. */
  is(folder: string, names: ReadonlySet<string>): Promise<boolean>;
  /** Whether this folder, or one that contains it, is ours. @param folder canonical path */
  contain(folder: string): Promise<boolean>;
  /** Whether the path leads into one of the given folders, judged by the path alone. */
  cover(path: string): boolean;
}

/** As these systems compare names. */
const ignoresCase = process.platform === 'win32' || process.platform === 'darwin';
const comparable = (path: string) => (ignoresCase ? path.normalize('NFC').toLowerCase() : path);

/** By device and inode, so that links, mounts and the case of letters do not matter; null if it is not known. */
async function identityOf(folder: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    return ino === 0n ? null : `${dev}:${ino}`;
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function hasMarkers(folder: string): Promise<boolean> {
  const present = new Set<string>();
  for (const [first, ...others] of MARKERS) {
    if (!(await exists(join(folder, first)))) continue;
    present.add(first);
    for (const name of others) if (await exists(join(folder, name))) present.add(name);
  }
  return isDataFolder((name) => present.has(name));
}

/**
 * @param given absolute paths, which need not exist; data folders of other cores and agents are recognised too
 * @param open folders inside them that are indexed all the same, and everything in them: the ingested texts
 */
export async function openOwnFolders(
  given: readonly string[],
  open: readonly string[] = [],
): Promise<OwnFolders> {
  const canonical = await Promise.all(given.map((folder) => realpath(folder).catch(() => folder)));
  const known = await Promise.all(given.map(identityOf));
  const identities = new Set(known.filter((identity) => identity !== null));
  const prefixes = [...new Set([...given, ...canonical])].map((folder) => comparable(folder));

  const canonicalOpen = await Promise.all(open.map((folder) => realpath(folder).catch(() => folder)));
  const openPrefixes = [...new Set([...open, ...canonicalOpen])].map((folder) => comparable(folder));
  const isIn = (compared: string, prefix: string) => compared === prefix || compared.startsWith(prefix + sep);
  const isOpen = (path: string) => openPrefixes.some((prefix) => isIn(comparable(path), prefix));

  const cover = (path: string) => {
    if (isOpen(path)) return false;
    const compared = comparable(path);
    return prefixes.some((prefix) => isIn(compared, prefix));
  };
  async function isGiven(folder: string): Promise<boolean> {
    if (isOpen(folder)) return false;
    if (cover(folder)) return true;
    const identity = await identityOf(folder);
    return identity !== null && identities.has(identity);
  }
  return {
    cover,
    is: async (folder, names) => isDataFolder((name) => names.has(name)) || (await isGiven(folder)),
    async contain(folder) {
      if (isOpen(folder)) return false;
      for (let at = folder; ; at = dirname(at)) {
        if ((await isGiven(at)) || (await hasMarkers(at))) return true;
        if (dirname(at) === at) return false;
      }
    },
  };
}
