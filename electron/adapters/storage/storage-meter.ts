/** Measures the data folder: one walk, without following links. */
import type { Dirent } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type FolderPart, type FolderUse, folderParts, type StorageMeter } from '../../core/ports/storage.ts';

/** Which part an entry of the data folder is. */
const parts: readonly (readonly [RegExp, FolderPart])[] = [
  [/^index$/, 'index'],
  [/^ingested$/, 'ingested'],
  [/^tasks$/, 'taskFiles'],
  [/^tasks\.sqlite/, 'queue'],
  [/^state\.sqlite/, 'state'],
  [/^(runner|models)$/, 'models'],
];

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
      ) as Record<FolderPart, FolderUse>;
      for (const entry of await entriesOf(folder)) await addEntry(use[partOf(entry.name)], folder, entry);
      const elsewhere = modelsFolder !== null && !isInside(modelsFolder, folder);
      if (elsewhere) await addFolder(use.models, modelsFolder);
      return use;
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

async function addFolder(use: FolderUse, folder: string): Promise<void> {
  for (const entry of await entriesOf(folder)) await addEntry(use, folder, entry);
}

async function addEntry(use: FolderUse, folder: string, entry: Dirent): Promise<void> {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return addFolder(use, path);
  if (!entry.isFile()) return;
  try {
    use.sizeBytes += (await stat(path)).size;
    use.files += 1;
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
