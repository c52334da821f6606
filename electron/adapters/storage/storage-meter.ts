/** Measures the data folder: one walk, without following links. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type DamagedFile,
  type FolderPart,
  type FolderUse,
  folderParts,
  type StorageMeter,
} from '../../core/ports/storage.ts';

/** Which part an entry of the data folder is. */
const parts: readonly (readonly [RegExp, FolderPart])[] = [
  [/^index$/, 'index'],
  [/^ingested$/, 'ingested'],
  [/^tasks$/, 'taskFiles'],
  [/^tasks\.sqlite/, 'queue'],
  [/^state\.sqlite/, 'state'],
  [/^(runner|models)$/, 'models'],
];

/** As `set-aside.ts` names it, with its companions. */
const ASIDE = /\.corrupt-[1-9]\d*(-wal|-shm|-journal)?$/;

type Use = Record<FolderPart, FolderUse>;

const partOf = (name: string): FolderPart => parts.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';

export function createStorageMeter({ folder }: { folder: string }): StorageMeter {
  return {
    folder,
    async freeBytes() {
      try {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      } catch {
        return null;
      }
    },
    async measure(modelsFolder) {
      const use = Object.fromEntries(
        folderParts.map((part): [FolderPart, FolderUse] => [part, { sizeBytes: 0, files: 0 }]),
      ) as Use;
      for (const entry of await entriesOf(folder)) await addEntry(use, partOf(entry.name), folder, entry);
      const elsewhere = modelsFolder !== null && !isInside(modelsFolder, folder);
      if (elsewhere) await addFolder(use, 'models', modelsFolder);
      return use;
    },
    damaged: () => damagedIn(folder, ''),
    async removeDamaged(paths) {
      for (const path of paths) {
        if (ASIDE.test(path)) await rm(join(folder, path), { recursive: true, force: true });
      }
    },
  };
}

function isInside(path: string, folder: string): boolean {
  const root = resolve(folder);
  for (let at = resolve(path); ; at = dirname(at)) {
    if (at === root) return true;
    if (dirname(at) === at) return false;
  }
}

async function damagedIn(root: string, folder: string): Promise<DamagedFile[]> {
  const found: DamagedFile[] = [];
  for (const entry of await entriesOf(join(root, folder))) {
    const path = join(folder, entry.name);
    if (!ASIDE.test(entry.name)) {
      if (entry.isDirectory()) found.push(...(await damagedIn(root, path)));
      continue;
    }
    try {
      // To rename a file leaves the time at which it was written, and changes this one.
      const { ctimeMs, size } = await lstat(join(root, path));
      const sizeBytes = entry.isDirectory() ? await sizeOf(join(root, path)) : size;
      found.push({ path, sizeBytes, since: ctimeMs });
    } catch {
      // It was deleted meanwhile.
    }
  }
  return found;
}

async function sizeOf(folder: string): Promise<number> {
  const use = { other: { sizeBytes: 0, files: 0 }, damaged: { sizeBytes: 0, files: 0 } } as Use;
  await addFolder(use, 'other', folder);
  return use.other.sizeBytes + use.damaged.sizeBytes;
}

async function addFolder(use: Use, part: FolderPart, folder: string): Promise<void> {
  for (const entry of await entriesOf(folder)) await addEntry(use, part, folder, entry);
}

async function addEntry(use: Use, of: FolderPart, folder: string, entry: Dirent): Promise<void> {
  const path = join(folder, entry.name);
  const part = ASIDE.test(entry.name) ? 'damaged' : of;
  if (entry.isDirectory()) return addFolder(use, part, path);
  if (!entry.isFile()) return;
  try {
    use[part].sizeBytes += (await stat(path)).size;
    use[part].files += 1;
  } catch {
    // It was deleted meanwhile.
  }
}

/** None for a folder that is not there, or that may not be read. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
